import type { Context } from "hono";
import type { JsonObject } from "../../../base/json.ts";
import { ApiError } from "./error.ts";

/** Fields by which a list may be ranged; the first is the default. */
export type RangeFields = readonly [string, ...string[]];

interface Range {
  readonly field: string;
  readonly start: string;
  /** `]` before the start: begin after it. */
  readonly exclusive: boolean;
  readonly end: string;
  readonly max: number;
  readonly descending: boolean;
}

const defaultMax = 200;
const largestMax = 1000;
const form = /^(?<field>[a-z_]+)\s+(?<exclusive>\]?)(?<start>[^;]*?)\.\.(?<end>[^;]*?)(;(?<parameters>.*))?$/;

function parse(header: string | undefined, fields: RangeFields): Range {
  const text = header?.trim() ?? "";
  const standard: Range = {
    field: fields[0],
    start: "",
    exclusive: false,
    end: "",
    max: defaultMax,
    descending: false,
  };
  if (text === "") return standard;
  const groups = form.exec(text)?.groups;
  const unsatisfiable = new ApiError(
    416,
    "requested_range_not_satisfiable",
    `The range '${text}' can't be given.`,
  );
  if (groups === undefined) throw unsatisfiable;
  const { field = "", exclusive = "", start = "", end = "", parameters = "" } = groups;
  if (!fields.includes(field)) throw unsatisfiable;
  const options = new Map<string, string>();
  for (const part of parameters.split(/[;,]/)) {
    const [name = "", value = ""] = part.split("=", 2).map((side) => side.trim());
    if (name !== "") options.set(name, value);
  }
  const max = Number(options.get("max") ?? defaultMax);
  const order = options.get("order") ?? "asc";
  if (!Number.isInteger(max) || max < 1 || !["asc", "desc"].includes(order)) throw unsatisfiable;
  return {
    field,
    start: start.trim(),
    exclusive: exclusive === "]",
    end: end.trim(),
    max: Math.min(max, largestMax),
    descending: order === "desc",
  };
}

function compare(a: unknown, b: unknown): number {
  if (typeof a === "number") return a - Number(b);
  const [left, right] = [String(a), String(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Answers with the asked part of a list: 206 and `Next-Range` when there is more, else 200. */
export function rangeOf(
  context: Context,
  items: readonly JsonObject[],
  fields: RangeFields = ["id"],
): Response {
  const range = parse(context.req.header("range"), fields);
  const turn = range.descending ? -1 : 1;
  const sorted = items.toSorted((a, b) => turn * compare(a[range.field], b[range.field]));
  const inside = sorted.filter((item) => {
    const value = item[range.field];
    const fromStart = range.start === "" ? 1 : turn * compare(value, range.start);
    const fromEnd = range.end === "" ? -1 : turn * compare(value, range.end);
    return (range.exclusive ? fromStart > 0 : fromStart >= 0) && fromEnd <= 0;
  });
  const page = inside.slice(0, range.max);
  const last = page.at(-1);
  context.header("Accept-Ranges", fields.join(", "));
  if (page[0] !== undefined && last !== undefined) {
    context.header("Content-Range", `${range.field} ${page[0][range.field]}..${last[range.field]}`);
  }
  if (last === undefined || page.length === inside.length) return context.json(page);
  const order = range.descending ? "desc" : "asc";
  context.header(
    "Next-Range",
    `${range.field} ]${last[range.field]}..${range.end}; max=${range.max}, order=${order}`,
  );
  return context.json(page, 206);
}
