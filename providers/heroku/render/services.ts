import { envNamesOf } from "../../../src/app/roles.ts";
import type { App, Service } from "../../../src/app/schema.ts";

/** Add-ons for the service types that Heroku's marketplace has, each with its least plan. */
const addonPlans: Readonly<Record<string, string>> = {
  postgres: "heroku-postgresql:essential-0",
  redis: "heroku-redis:mini",
  memcached: "memcachier:dev",
  amqp: "cloudamqp:lemur",
  rabbitmq: "cloudamqp:lemur",
  mysql: "jawsdb:kitefin",
  kafka: "heroku-kafka:basic-0",
};

export const knownServiceTypes: readonly string[] = Object.keys(addonPlans).sort();

/** The type of service that an add-on's plan gives; an unknown one is called as Heroku calls it. */
export function serviceTypeOf(plan: string): string {
  const [service = plan] = plan.split(":");
  return knownServiceTypes.find((type) => addonPlans[type]?.startsWith(`${service}:`)) ?? service;
}

/** An add-on's service and plan. */
export interface AddonPlan {
  readonly service: string;
  /** Null for the one that Heroku gives when none is named. */
  readonly plan: string | null;
}

/** As Heroku reads it: `service:plan`, or `service` for its usual plan. */
export function planText({ service, plan }: AddonPlan): string {
  return plan === null ? service : `${service}:${plan}`;
}

/**
 * As the description's hint says, else the type's least plan. A hint is `service:plan`; without a colon it is a plan
 * (`essential-1`) where the type has its usual add-on, and an add-on (`sendgrid`) for any other type.
 */
export function addonPlanOf(service: Service): AddonPlan | undefined {
  const hint = service.plan?.heroku;
  const usual = addonPlans[service.type];
  const isPlan = hint !== undefined && usual !== undefined && !hint.includes(":");
  const full = isPlan ? `${usual.split(":")[0]}:${hint}` : (hint ?? usual);
  const [name, plan = null] = full?.split(":", 2) ?? [];
  return name === undefined ? undefined : { service: name, plan };
}

/** One name under which an app finds a service, and how Heroku gets it there. */
interface EnvName {
  readonly env: string;
  /** Name of the attachment, whose URL Heroku puts into `<attachment>_URL`. */
  readonly attachment: string;
}

const attachmentName = /^[A-Z][A-Z0-9_]*$/;

/**
 * An attachment `X` gives `X_URL`. A name of another form can't be had so: it is exported by a script that every dyno
 * reads at its start, from the attachment of the service, so that it follows when Heroku changes the URL.
 */
function envNamesFor(name: string, service: Service): readonly EnvName[] {
  const names = envNamesOf(name, service);
  const direct = names.filter((env) => env.endsWith("_URL") && attachmentName.test(env.slice(0, -4)));
  const fallback =
    direct[0]?.slice(0, -4) ??
    name
      .toUpperCase()
      .replaceAll(/[^A-Z0-9]/g, "_")
      .replace(/^(?=\d)/, "S");
  return names.map((env) => ({ env, attachment: direct.includes(env) ? env.slice(0, -4) : fallback }));
}

/** Names of a service's attachments: the first is made with the add-on. */
export function attachmentsFor(name: string, service: Service): readonly [string, ...string[]] {
  const [first, ...others] = [...new Set(envNamesFor(name, service).map(({ attachment }) => attachment))];
  return [first ?? name.toUpperCase(), ...others];
}

/** The config var in which a service's URL stands. */
export function urlVariable(name: string, service: Service): string {
  return `${attachmentsFor(name, service)[0]}_URL`;
}

/** Script that gives services their names that no attachment can have; undefined when there are none. */
export function profileScript(app: App): string | undefined {
  const lines = Object.entries(app.services).flatMap(([name, service]) =>
    envNamesFor(name, service)
      .filter(({ env, attachment }) => env !== `${attachment}_URL`)
      .map(({ env, attachment }) => `export ${env}="$${attachment}_URL"`),
  );
  return lines.length === 0 ? undefined : `${lines.sort().join("\n")}\n`;
}
