/** What the service broker of this Cloud Foundry offers. The guids are fixed, so that they survive a new start. */
export interface Offering {
  readonly guid: string;
  readonly name: "postgres" | "redis";
  readonly description: string;
  readonly tags: readonly string[];
}

export interface Plan {
  readonly guid: string;
  readonly name: string;
  readonly description: string;
  readonly offering: string;
}

export const broker = { guid: "b0000000-0000-4000-8000-000000000001", name: "local-broker" };

export const offerings: readonly Offering[] = [
  {
    guid: "b0000000-0000-4000-8000-000000000010",
    name: "postgres",
    description: "A PostgreSQL database",
    tags: ["postgres", "postgresql", "relational"],
  },
  {
    guid: "b0000000-0000-4000-8000-000000000020",
    name: "redis",
    description: "A Redis instance",
    tags: ["redis", "key-value"],
  },
];

/** Sizes differ in name only: here a plan limits nothing. */
export const plans: readonly Plan[] = offerings.flatMap((offering) =>
  ["small", "medium", "large"].map((name, index) => ({
    guid: `${offering.guid.slice(0, -1)}${index + 1}`,
    name,
    description: `A ${name} ${offering.name}`,
    offering: offering.guid,
  })),
);

export function planOf(guid: string | undefined): Plan | undefined {
  return plans.find((plan) => plan.guid === guid);
}

export function offeringOf(plan: Plan): Offering {
  const found = offerings.find((offering) => offering.guid === plan.offering);
  if (found === undefined) throw new Error(`Plan ${plan.guid} has no offering.`);
  return found;
}
