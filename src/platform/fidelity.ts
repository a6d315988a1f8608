import { linkModeOf } from "../app/roles.ts";
import type { App, LinkMode } from "../app/schema.ts";

/** How well a platform carries one field of the app. */
export type Fidelity = "exact" | "approximated" | "dropped" | "manual";

/** One field of one app on one platform. */
export interface FieldFidelity {
  /** Path in the description, e.g. `processes.web.stopGraceSeconds`. */
  readonly field: string;
  readonly fidelity: Fidelity;
  /** Why it is not exact. */
  readonly reason?: string;
  /** What is done instead, or what the owner has to do. */
  readonly fallback?: string;
}

interface Verdict {
  readonly fidelity: Fidelity;
  readonly reason?: string;
  readonly fallback?: string;
}

/** Values that a rule covers; for any other value `otherwise` speaks. All bounds are inclusive. */
interface Bounds {
  readonly min?: number;
  readonly max?: number;
  readonly oneOf?: readonly (string | number | boolean)[];
  /** A regular expression over the value as text. */
  readonly pattern?: string;
}

/** What a platform does with a field. */
export interface FieldRule extends Verdict {
  /** Only for such values; others get `otherwise`. */
  readonly within?: Bounds;
  readonly otherwise?: Verdict;
}

/** What a platform can take, as data. */
export interface Capabilities {
  /**
   * Rules by field pattern: dots separate, `*` stands for one segment, and a rule covers all that lies below it unless a
   * longer pattern speaks. Every field of the app must be covered (a test proves it).
   */
  readonly fields: Readonly<Record<string, FieldRule>>;
  /** The links that a service of a type can have there, by service type; `*` for all others. */
  readonly links: Readonly<Record<string, readonly LinkMode[]>>;
}

/** The fields of an app that are set, leaf by leaf: path and value. Lists count as one leaf; empty ones are left out. */
export function leaves(value: unknown, path = ""): readonly (readonly [string, unknown])[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value.length === 0 ? [] : [[path, value]];
  if (typeof value !== "object") return [[path, value]];
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([key, item]) => leaves(item, path === "" ? key : `${path}.${key}`));
}

function matches(pattern: readonly string[], field: readonly string[]): boolean {
  return (
    pattern.length <= field.length && pattern.every((part, index) => part === "*" || part === field[index])
  );
}

interface RankedRule {
  readonly segments: readonly string[];
  readonly rule: FieldRule;
}

const ranked = new WeakMap<Capabilities, readonly RankedRule[]>();

/** The rules, longest pattern first; of equally long ones, that with fewer stars first. */
function rankedRules(capabilities: Capabilities): readonly RankedRule[] {
  const known = ranked.get(capabilities);
  if (known !== undefined) return known;
  const stars = ({ segments }: RankedRule): number => segments.filter((segment) => segment === "*").length;
  const rules = Object.entries(capabilities.fields)
    .map(([pattern, rule]) => ({ segments: pattern.split("."), rule }))
    .sort((a, b) => b.segments.length - a.segments.length || stars(a) - stars(b));
  ranked.set(capabilities, rules);
  return rules;
}

/** The rule with the longest matching pattern; of equally long ones, that with fewer stars. */
export function ruleFor(capabilities: Capabilities, field: string): FieldRule | undefined {
  const parts = field.split(".");
  return rankedRules(capabilities).find(({ segments }) => matches(segments, parts))?.rule;
}

function within(bounds: Bounds, value: unknown): boolean {
  if (Array.isArray(value)) return value.every((item) => within(bounds, item));
  if (bounds.min !== undefined && !(Number(value) >= bounds.min)) return false;
  if (bounds.max !== undefined && !(Number(value) <= bounds.max)) return false;
  if (bounds.oneOf !== undefined && !bounds.oneOf.includes(value as string)) return false;
  return bounds.pattern === undefined || new RegExp(bounds.pattern).test(String(value));
}

function judge(rule: FieldRule, value: unknown): Verdict {
  if (rule.within === undefined || within(rule.within, value)) return rule;
  return rule.otherwise ?? { fidelity: "dropped", reason: "this value is not supported" };
}

function verdict(field: string, { fidelity, reason, fallback }: Verdict): FieldFidelity {
  return {
    field,
    fidelity,
    ...(reason === undefined ? {} : { reason }),
    ...(fallback === undefined ? {} : { fallback }),
  };
}

/** Compares an app with what a platform can take: every field that is set, sorted by path. */
export function compare(app: App, capabilities: Capabilities): readonly FieldFidelity[] {
  const fields = leaves(app).map(([field, value]) => {
    const rule = ruleFor(capabilities, field);
    return verdict(
      field,
      rule === undefined ? { fidelity: "dropped", reason: "unknown to this platform" } : judge(rule, value),
    );
  });
  const links = Object.entries(app.services).flatMap(([name, service]) => {
    const mode = linkModeOf(service);
    const possible = capabilities.links[service.type] ?? capabilities.links["*"] ?? [];
    const fallback = `possible here: ${possible.join(", ") || "none"}`;
    return possible.includes(mode)
      ? []
      : [
          verdict(`services.${name}.link.mode`, {
            fidelity: "dropped",
            reason: `no ${mode} link for ${service.type}`,
            fallback,
          }),
        ];
  });
  const replaced = new Set(links.map((link) => link.field));
  return [...fields.filter((item) => !replaced.has(item.field)), ...links].sort((a, b) =>
    a.field < b.field ? -1 : 1,
  );
}
