import { createHash } from "node:crypto";
import type { JsonObject } from "../../base/json.ts";
import { ApiError, invalidParams } from "./http/error.ts";

/** The same name always has the same id, as catalogue entries do. */
export function idFor(kind: string, name: string): string {
  const hex = createHash("sha256").update(`${kind}:${name}`).digest("hex");
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `5${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join("-");
}

/** Dyno sizes with their memory in GB (Dev Center, "Dyno Types"). */
const dynoSizes = [
  ["Eco", 0.5],
  ["Basic", 0.5],
  ["Standard-1X", 0.5],
  ["Standard-2X", 1],
  ["Performance-M", 2.5],
  ["Performance-L", 14],
  ["Performance-L-RAM", 30],
  ["Performance-XL", 62],
  ["Performance-2XL", 126],
] as const;

/** A size as the API writes it, whatever the case it was asked for in; 422 for one that isn't there. */
export function sizeOf(name: string): string {
  const found = dynoSizes.find(([size]) => size.toLowerCase() === name.toLowerCase());
  if (found === undefined) throw invalidParams(`No such dyno size as ${name}.`);
  return found[0];
}

export function dynoSizeShapes(): readonly JsonObject[] {
  return dynoSizes.map(([name, memory]) => ({
    id: idFor("dyno-size", name),
    name,
    memory,
    compute: 1,
    cost: null,
    dedicated: name.startsWith("Performance"),
    dyno_units: 1,
  }));
}

export const regions = ["us", "eu"] as const;
export const stacks = ["heroku-22", "heroku-24", "container"] as const;
export const defaultStack = "heroku-24";

type ServiceKind = "postgres" | "redis";

interface ServiceEntry {
  readonly name: string;
  readonly humanName: string;
  readonly kind: ServiceKind;
  /** First part of an add-on's generated name. */
  readonly prefix: string;
  /** Name of the first attachment of an app; later ones are `<later>_<COLOUR>`. */
  readonly first: string;
  readonly later: string;
  readonly plans: readonly string[];
}

const services: readonly ServiceEntry[] = [
  {
    name: "heroku-postgresql",
    humanName: "Heroku Postgres",
    kind: "postgres",
    prefix: "postgresql",
    first: "DATABASE",
    later: "HEROKU_POSTGRESQL",
    plans: [
      "essential-0",
      "essential-1",
      "essential-2",
      "standard-0",
      "standard-2",
      "premium-0",
      "premium-2",
    ],
  },
  {
    name: "heroku-redis",
    humanName: "Heroku Key-Value Store",
    kind: "redis",
    prefix: "redis",
    first: "REDIS",
    later: "HEROKU_REDIS",
    plans: ["mini", "premium-0", "premium-1", "premium-2"],
  },
];

export function serviceOf(name: string): ServiceEntry {
  const found = services.find((service) => service.name === name || idFor("service", service.name) === name);
  if (found === undefined) {
    throw new ApiError(
      404,
      "not_found",
      `Couldn't find either the add-on service or the add-on plan of "${name}".`,
    );
  }
  return found;
}

/** `service:plan`, or a service alone for its first plan; 404 for what isn't there. */
export function planOf(name: string): { readonly service: ServiceEntry; readonly plan: string } {
  const [serviceName = "", planName] = name.split(":", 2);
  const service = serviceOf(serviceName);
  const plan = planName ?? service.plans[0] ?? "";
  if (!service.plans.includes(plan)) {
    throw new ApiError(
      404,
      "not_found",
      `Couldn't find either the add-on service or the add-on plan of "${name}".`,
    );
  }
  return { service, plan: `${service.name}:${plan}` };
}

export function serviceShape(service: ServiceEntry): JsonObject {
  return {
    id: idFor("service", service.name),
    name: service.name,
    human_name: service.humanName,
    cli_plugin_name: null,
    state: "ga",
    supports_multiple_installations: true,
    supports_sharing: true,
  };
}

export function planShape(service: ServiceEntry, plan: string): JsonObject {
  return {
    id: idFor("plan", plan),
    name: plan,
    human_name: plan.split(":")[1] ?? plan,
    description: `${service.humanName} ${plan.split(":")[1] ?? ""}`,
    addon_service: { id: idFor("service", service.name), name: service.name },
    price: { cents: 0, contract: false, unit: "month" },
    default: service.plans[0] === plan.split(":")[1],
    state: "ga",
  };
}

export function serviceShapes(): readonly JsonObject[] {
  return services.map(serviceShape);
}

/** What later attachments of a kind are told apart by. */
export const colours = [
  "AMBER",
  "AQUA",
  "BLACK",
  "BLUE",
  "BRONZE",
  "BROWN",
  "COBALT",
  "CRIMSON",
  "CYAN",
  "GOLD",
  "GRAY",
  "GREEN",
  "IVORY",
  "JADE",
  "ORANGE",
] as const;
