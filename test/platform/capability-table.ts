import type { Capabilities, FieldRule } from "../../src/platform/fidelity.ts";

const code = (text: string) => `\`${text.replaceAll("|", "\\|")}\``;

/** Which values a rule covers, in words. */
function values({ within }: FieldRule): string {
  if (within === undefined) return "";
  const { min, max, oneOf, pattern } = within;
  const parts = [
    ...(min === undefined ? [] : [`at least ${min}`]),
    ...(max === undefined ? [] : [`at most ${max}`]),
    ...(oneOf === undefined ? [] : [oneOf.map((value) => code(`${value}`)).join(", ")]),
    // Longer ones say less than the reason that stands beside them.
    ...(pattern === undefined ? [] : [pattern.length > 40 ? "plain ones" : `like ${code(pattern)}`]),
  ];
  return parts.join(", ");
}

/** One row for each rule, two where values are told apart. */
function rowsOf(field: string, rule: FieldRule): readonly (readonly string[])[] {
  const { otherwise } = rule;
  const some = values(rule);
  const row = (name: string, { fidelity, reason = "", fallback = "" }: Omit<FieldRule, "within">) => [
    name,
    fidelity,
    reason,
    fallback,
  ];
  return [
    row(some === "" ? code(field) : `${code(field)}: ${some}`, rule),
    ...(otherwise === undefined ? [] : [row(`${code(field)}: other`, otherwise)]),
  ];
}

/** What a platform takes of an app, as a table in Markdown: what is exact in one line, all else with its reason. */
export function capabilityTable({ fields, links }: Capabilities): string {
  const sorted = Object.entries(fields).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const isPlain = (rule: FieldRule) => rule.fidelity === "exact" && rule.otherwise === undefined;
  const plain = sorted.filter(([, rule]) => isPlain(rule)).map(([field]) => code(field));
  const rows = sorted.filter(([, rule]) => !isPlain(rule)).flatMap(([field, rule]) => rowsOf(field, rule));
  const reached = Object.entries(links).map(
    ([type, modes]) => `- ${type === "*" ? "any other service" : type}: ${modes.join(", ")}`,
  );
  return [
    `Exact, with all that lies below unless the table says otherwise: ${plain.join(", ")}.`,
    "",
    "| Field | | Why | Instead |",
    "|---|---|---|---|",
    ...rows.map((row) => `| ${row.join(" | ")} |`),
    "",
    "Links to it:",
    ...reached,
  ].join("\n");
}
