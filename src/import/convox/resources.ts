import type { Entry } from "../entry.ts";
import type { Collector } from "../findings.ts";
import { lookup } from "../lookup.ts";
import { looksSecret } from "../secrecy.ts";
import { referencesIn } from "./references.ts";

const shared = new Set(["efs", "volume"]);
const sharedReason = "a volume that processes share can't be described: keep files in an object store";

/** Types by the provider that runs them, and what they are anywhere. */
const commonTypes: Readonly<Record<string, string>> = {
  "rds-postgres": "postgres",
  "rds-mysql": "mysql",
  "rds-mariadb": "mariadb",
  "elasticache-redis": "redis",
  "elasticache-memcached": "memcached",
};

/** Reads the resources of all services, and what each service calls them. */
export function readResources(
  resources: readonly (readonly [name: string, entry: Entry])[],
  services: readonly Entry[],
  collector: Collector,
): void {
  const known = new Map(resources.map(([name, entry]) => [name, entry.get("type")?.text()?.trim() ?? ""]));
  const variables = new Map<string, Set<string>>();
  for (const item of services.flatMap((service) => service.get("resources")?.items() ?? [])) {
    const [name = "", variable] = item.text()?.trim().split(":") ?? [];
    const type = known.get(name);
    if (type === undefined) item.dropped("there is no resource of this name");
    else if (shared.has(type)) item.dropped(sharedReason);
    else {
      item.carried(`services.${name}`);
      const names = variables.get(name) ?? new Set();
      variables.set(name, names.add(variable || `${name.toUpperCase().replaceAll("-", "_")}_URL`));
    }
  }
  for (const [name, entry] of resources) readResource(name, entry, variables.get(name), collector);
}

function readResource(
  name: string,
  entry: Entry,
  variables: ReadonlySet<string> | undefined,
  collector: Collector,
): void {
  const type = entry.get("type");
  const text = type?.text()?.trim();
  if (type === undefined || !text) return;
  if (shared.has(text)) {
    entry.dropped(sharedReason);
    collector.note("volume", `'${name}' is a shared volume, which is not carried over.`, entry);
    return;
  }
  const path = ["services", name];
  const common = lookup(commonTypes, text);
  if (text === "postgis") {
    collector.approximate(type, [...path, "type"], "postgres", "a Postgres with an extension");
    collector.also(type, [...path, "extensions"], ["postgis"]);
  } else if (common === undefined) collector.carry(type, [...path, "type"], text);
  else collector.approximate(type, [...path, "type"], common, "who runs it is the platform's choice");
  // Without a name of its own it is called by the resource, as the description does by itself.
  const own = `${name.toUpperCase().replaceAll("-", "_")}_URL`;
  if (variables !== undefined && !(variables.size === 1 && variables.has(own)))
    collector.also(type, [...path, "env"], [...variables]);
  for (const [key, option] of entry.get("options")?.members() ?? []) {
    const value = option.text();
    if (value === undefined) continue;
    const unknown = referencesIn(value);
    if (unknown !== undefined) option.dropped(unknown);
    else if (looksSecret(key, value)) option.dropped("it looks like a secret, which has no place in options");
    else collector.carry(option, key === "version" ? [...path, "version"] : [...path, "options", key], value);
  }
  entry.get("image")?.dropped("the image of a backing service can't be described");
}
