import type { Context } from "hono";
import type { Cloud } from "./cloud.ts";
import { badQuery } from "./errors.ts";
import { matchesSelector } from "./label-selector.ts";
import type { Resource } from "./model.ts";

/** Values of a query key: comma-separated, each an alternative. */
type Filter<T> = (item: T, values: readonly string[]) => boolean;

export interface ListOptions<T extends Resource> {
  readonly filters?: Readonly<Record<string, Filter<T>>>;
  /** Further query keys that are allowed, e.g. `include`. */
  readonly also?: readonly string[];
  /** Fields that `order_by` takes besides created_at and updated_at. */
  readonly orders?: Readonly<Record<string, (item: T) => string>>;
  present(item: T): object;
  /** Top-level `included` for the page's items. */
  included?(items: readonly T[], include: readonly string[]): object | undefined;
}

const general = ["page", "per_page", "order_by", "created_ats", "updated_ats", "label_selector", "guids"];

/** Refuses query keys that an endpoint doesn't know: 400 with the list of those it does. */
export function checkQuery(c: Context, allowed: readonly string[]): URLSearchParams {
  const query = new URL(c.req.url).searchParams;
  const unknown = [...query.keys()].filter((key) => !allowed.includes(key.replace(/\[.*\]$/, "")));
  if (unknown.length === 0) return query;
  const names = unknown.map((key) => `'${key}'`).join(", ");
  const valid = allowed.map((key) => `'${key}'`).join(", ");
  throw badQuery(`Unknown query parameter(s): ${names}. Valid parameters are: ${valid}`);
}

/** A comma within a value comes encoded once more. */
function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

function whole(query: URLSearchParams, key: string, fallback: number, max: number): number {
  const text = query.get(key);
  if (text === null) return fallback;
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= max) return value;
  const name = key === "page" ? "Page" : "Per page";
  throw badQuery(
    max === Infinity ? `${name} must be a positive integer` : `${name} must be between 1 and ${max}`,
  );
}

function ordered<T extends Resource>(
  items: readonly T[],
  order: string | null,
  orders: NonNullable<ListOptions<T>["orders"]>,
): readonly T[] {
  const text = order ?? "created_at";
  const field = text.replace(/^[+-]/, "");
  const known: Readonly<Record<string, (item: T) => string>> = {
    created_at: (item) => item.createdAt,
    updated_at: (item) => item.updatedAt,
    ...orders,
  };
  const keyOf = known[field];
  if (keyOf === undefined) {
    throw badQuery(
      `Order by can only be: ${Object.keys(known)
        .map((key) => `'${key}'`)
        .join(", ")}`,
    );
  }
  // Objects of one second stay in the order in which they were made, or its reverse.
  const rising = items.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : keyOf(a) > keyOf(b) ? 1 : 0));
  return text.startsWith("-") ? rising.toReversed() : rising;
}

const comparisons: Readonly<Record<string, (a: string, b: string) => boolean>> = {
  lt: (a, b) => a < b,
  lte: (a, b) => a <= b,
  gt: (a, b) => a > b,
  gte: (a, b) => a >= b,
};

function withinTimes(query: URLSearchParams, item: Resource): boolean {
  return [...query].every(([key, value]) => {
    const [, field, comparison] = /^(created_ats|updated_ats)(?:\[(\w+)\])?$/.exec(key) ?? [];
    if (field === undefined) return true;
    const time = field === "created_ats" ? item.createdAt : item.updatedAt;
    if (comparison === undefined) return value.split(",").includes(time);
    const compare = comparisons[comparison];
    if (compare === undefined) throw badQuery(`Invalid relational operator: '${comparison}'`);
    return compare(time, value);
  });
}

/**
 * One page of a list (cloud_controller_ng, list_message.rb and paginated_list_presenter.rb): strict about query keys,
 * filters joined by AND, their values by OR, links that keep the filters.
 */
export function list<T extends Resource>(
  c: Context,
  cloud: Cloud,
  items: readonly T[],
  options: ListOptions<T>,
): Response {
  const filters: Readonly<Record<string, Filter<T>>> = {
    guids: (item, values) => values.includes(item.guid),
    ...options.filters,
  };
  const query = checkQuery(c, [...new Set([...general, ...Object.keys(filters), ...(options.also ?? [])])]);
  const selector = query.get("label_selector");
  const found = items.filter(
    (item) =>
      Object.entries(filters).every(([key, filter]) => {
        const text = query.get(key);
        return text === null || filter(item, text.split(",").map(decoded));
      }) &&
      withinTimes(query, item) &&
      (selector === null || matchesSelector(item.labels, selector)),
  );
  const page = whole(query, "page", 1, Infinity);
  const perPage = whole(query, "per_page", 50, 5000);
  const pages = Math.max(1, Math.ceil(found.length / perPage));
  const shown = ordered(found, query.get("order_by"), options.orders ?? {}).slice(
    (page - 1) * perPage,
    page * perPage,
  );
  const place = (number: number) => {
    const target = new URLSearchParams(query);
    target.set("page", String(number));
    target.set("per_page", String(perPage));
    return { href: `${cloud.options.url}${new URL(c.req.url).pathname}?${target}` };
  };
  const include = query.get("include")?.split(",") ?? [];
  const included = options.included?.(shown, include);
  return c.json({
    pagination: {
      total_results: found.length,
      total_pages: pages,
      first: place(1),
      last: place(pages),
      next: page < pages ? place(page + 1) : null,
      previous: page > 1 ? place(page - 1) : null,
    },
    resources: shown.map(options.present),
    ...(included === undefined ? {} : { included }),
  });
}

/** Filter on one of an item's texts. */
export function by<T>(textOf: (item: T) => string | undefined): Filter<T> {
  return (item, values) => values.includes(textOf(item) ?? "");
}
