import { describe, expect, it } from "vitest";
import { changesBetween } from "../../providers/plugin/diff.ts";
import type { JsonObject } from "../../src/base/json.ts";
import { covers, parsePath } from "../../src/base/property-path.ts";
import { ruleFor } from "../../src/platform/fidelity.ts";
import { fieldsOfSchema } from "./fields.ts";
import { sampleSecrets } from "./sample.ts";
import type { Suite } from "./suite.ts";

/** How a platform describes itself and renders an app: pure, sorted, without secrets. */
export function describesFaithfully(suite: Suite): void {
  describe("description", () => {
    it("has a rule for every field that the schema knows", () => {
      const uncovered = fieldsOfSchema().filter(
        (field) => !ruleFor(suite.harness.platform.capabilities, field),
      );
      expect(uncovered).toEqual([]);
    });

    it("gives a reason for all that is not exact, and a way round for all that is dropped or manual", () => {
      const rules = Object.entries(suite.harness.platform.capabilities.fields);
      const verdicts = rules.flatMap(([field, rule]) => [
        { field, ...rule },
        ...(rule.otherwise === undefined ? [] : [{ field: `${field} (otherwise)`, ...rule.otherwise }]),
      ]);
      const silent = verdicts.filter(
        ({ fidelity, reason, fallback }) =>
          (fidelity !== "exact" && !reason) || (["dropped", "manual"].includes(fidelity) && !fallback),
      );
      expect(silent.map(({ field }) => field)).toEqual([]);
    });

    it("renders the same text whatever the order of the description's keys", () => {
      const turned = reverseKeys(suite.app);
      expect(JSON.stringify(suite.render(turned))).toBe(JSON.stringify(suite.render(suite.app)));
    });

    it("renders unique names, and only types that it has handlers for", () => {
      const { resources } = suite.render(suite.app);
      expect(new Set(resources.map(({ name }) => name)).size).toBe(resources.length);
      const own = resources.filter(({ type }) => type.startsWith("understudy:"));
      expect(own.filter(({ type }) => suite.harness.platform.resources[type] === undefined)).toEqual([]);
    });

    it("tells apart roles only in inputs that it says follow the role", () => {
      const active = suite.render(suite.app, "active").resources;
      const standby = suite.render(suite.app, "standby").resources;
      expect(standby.map(({ name }) => name)).toEqual(active.map(({ name }) => name));
      for (const [index, resource] of active.entries()) {
        const other = standby[index]?.inputs ?? {};
        const owned = (resource.roleInputs ?? []).map(parsePath);
        const changed = changesBetween(resource.inputs as JsonObject, other as JsonObject);
        const untold = changed.filter(({ path }) => !owned.some((pattern) => covers(pattern, path)));
        expect(untold, resource.name).toEqual([]);
      }
      expect(suite.render(suite.app, "unknown").resources).toEqual(standby);
    });

    it("keeps secrets out of what it renders", () => {
      expect(JSON.stringify(suite.render(suite.app))).not.toContain(sampleSecrets.SAMPLE_TOKEN);
    });
  });
}

function reverseKeys<T>(value: T): T {
  if (Array.isArray(value) || typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, item]) => [key, reverseKeys(item)]),
  ) as T;
}
