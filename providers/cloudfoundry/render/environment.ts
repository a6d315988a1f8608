import { envNamesOf } from "../../../src/app/roles.ts";
import type { App } from "../../../src/app/schema.ts";
import { type InputValue, outputOf, secretOf } from "../../../src/platform/contract.ts";

/** Names that belong to the platform: it refuses them. */
const reserved = /^(PORT$|VCAP_|VMC)/;

export function isReserved(name: string): boolean {
  return reserved.test(name);
}

/** Services of which the controller itself may make a DATABASE_URL. */
const databases = new Set(["postgres", "mysql"]);

/** Whether the controller sets that name: DATABASE_URL, when there is one database only. It also overrules ours. */
function isMadeByPlatform(app: App, service: string, envName: string): boolean {
  const found = Object.entries(app.services).filter(([, { type }]) => databases.has(type));
  return envName === "DATABASE_URL" && found.length === 1 && found[0]?.[0] === service;
}

function sorted<T>(entries: readonly (readonly [string, T])[]): Readonly<Record<string, T>> {
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** The plain part of the environment. */
export function configOf(app: App): Readonly<Record<string, string>> {
  return sorted(Object.entries(app.config).filter(([name]) => !isReserved(name)));
}

/** The secret part: the app's secrets, and the services' URLs under the names by which the app knows them. */
export function secretsOf(app: App): Readonly<Record<string, InputValue>> {
  const urls = Object.entries(app.services).flatMap(([name, service]) =>
    envNamesOf(name, service)
      .filter((envName) => !isMadeByPlatform(app, name, envName))
      .map((envName) => [envName, outputOf(`binding-${name}`, "url")] as const),
  );
  const secrets = Object.keys(app.secrets)
    .filter((name) => !isReserved(name))
    .map((name) => [name, secretOf(name)] as const);
  return sorted<InputValue>([...urls, ...secrets]);
}
