import pg from "pg";

/** Text that is safe to send: made by {@link sql} alone, so that every value in it is a quoted literal. */
export interface Sql {
  readonly text: string;
}

type Value = Sql | string | number | bigint | boolean | null | readonly (string | null)[];

/** A Postgres array literal of values in their text form, e.g. `{"a","b",NULL}`. */
export function arrayText(values: readonly (string | null)[]): string {
  const items = values.map((value) => (value === null ? "NULL" : `"${value.replaceAll(/["\\]/g, "\\$&")}"`));
  return `{${items.join(",")}}`;
}

/** Right under `standard_conforming_strings`, which every session of ours sets. */
function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function render(value: Value): string {
  if (value === null) return "NULL";
  if (typeof value === "string") return literal(value);
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean") {
    return String(value);
  }
  return "text" in value ? value.text : literal(arrayText(value));
}

/**
 * A statement (or a part of one) from a template. Values become literals, lists become array literals, other `Sql` is
 * put in as it is. Literals instead of parameters, since only Postgres's simple protocol takes several statements in one
 * message, and a cutover's time is counted in round trips.
 */
export function sql(parts: TemplateStringsArray, ...values: readonly Value[]): Sql {
  return {
    text: parts
      .map((part, index) => (index === 0 ? part : render(values[index - 1] ?? null) + part))
      .join(""),
  };
}

/** Text that came from the catalogue (`format_type`, `pg_get_constraintdef`) or from this folder, put in as it is. */
export function raw(text: string): Sql {
  return { text };
}

/** A quoted name, e.g. `"public"."orders"`. */
export function name(...parts: readonly string[]): Sql {
  return { text: parts.map((part) => pg.escapeIdentifier(part)).join(".") };
}

export function join(items: readonly Sql[], separator = ", "): Sql {
  return { text: items.map((item) => item.text).join(separator) };
}
