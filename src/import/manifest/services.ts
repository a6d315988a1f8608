import type { Entry } from "../entry.ts";
import type { Collector } from "../findings.ts";
import { partName } from "../names.ts";
import type { Attributes } from "./attributes.ts";
import { needs } from "./process.ts";
import { variablesIn, withoutVariables } from "./variables.ts";

/** A manifest names service instances, not what they are: their names have to tell. */
const guesses: readonly (readonly [RegExp, string])[] = [
  [/postgres|psql|(^|[-_])(pg|rds|aurora)([-_]|\d*$)/i, "postgres"],
  [/mysql|mariadb/i, "mysql"],
  [/mongo/i, "mongodb"],
  [/redis|valkey/i, "redis"],
  [/rabbit|amqp/i, "rabbitmq"],
  [/kafka/i, "kafka"],
  [/memcache/i, "memcached"],
  [/elastic(?!ache)/i, "elasticsearch"],
  [/opensearch/i, "opensearch"],
  [/solr/i, "solr"],
  [/s3|bucket|storage|blob/i, "s3"],
  [/smtp|(^|[-_])ses([-_]|$)|mail/i, "smtp"],
  [/(^|[-_])(sns|sms)([-_]|$)/i, "sms"],
  [/drain|syslog|(^|[-_])logs?([-_]|$)|logit/i, "log-drain"],
  [/(^|[-_])(db|database|datastore)\d*$/i, "postgres"],
];

const untyped = "user-provided";

function guess(name: string): string | undefined {
  return guesses.find(([pattern]) => pattern.test(name))?.[1];
}

/** Reads the service instances that one or several applications of a manifest are bound to. */
export function readServices(applications: readonly Attributes[], collector: Collector): void {
  const primary = new Set<string>();
  for (const list of applications.flatMap((application) => application.all("services"))) {
    const missing = variablesIn(list.text() ?? "");
    if (missing.length > 0) {
      list.dropped(needs(missing));
      collector.note("variable-unknown", `Services are left out: ${needs(missing)}.`, list, ["services"]);
    } else if (list.tree.kind === "map") list.dropped("the platform takes a list of names");
    for (const item of list.items()) takeService(item, primary, collector);
  }
  const names = [
    ...new Set(
      collector.findings.filter(({ path }) => path[0] === "services").map(({ path }) => String(path[1])),
    ),
  ];
  if (names.length === 0) return;
  const message = `The manifest only names ${names.join(", ")}: check type and plan of each, and that the app reads the variables under env rather than VCAP_SERVICES.`;
  collector.note("services-guessed", message, undefined, ["services"]);
}

/** The first Postgres, in `primary`, is the one that apps look for under DATABASE_URL. */
function takeService(item: Entry, primary: Set<string>, collector: Collector): void {
  const entry = item.tree.kind === "map" ? item.get("name") : item;
  const text = entry?.text()?.trim() ?? "";
  const unknown = variablesIn(text);
  // Of a name that is nothing but a variable, the variable's own name tells most.
  const name = partName(withoutVariables(text)) ?? partName(unknown.join("-"));
  if (entry === undefined || name === undefined) return;
  const type = guess(name);
  const path = ["services", name];
  const reason =
    type === undefined
      ? "what it is can't be told from its name: a set of given credentials is taken"
      : `taken for ${type} by its name${unknown.length > 0 ? `, of which ${unknown.map((variable) => `((${variable}))`).join(", ")} is unknown` : ""}`;
  collector.approximate(entry, [...path, "type"], type ?? untyped, reason);
  if (item !== entry) item.carried(path.join("."));
  if (type === "postgres" && (primary.size === 0 || primary.has(name))) {
    primary.add(name);
    collector.also(entry, [...path, "env"], ["DATABASE_URL"]);
  }
  item.get("binding_name")?.dropped("it names the entry in VCAP_SERVICES, which other platforms do not have");
  item.get("parameters")?.dropped("parameters of a binding can't be described");
}
