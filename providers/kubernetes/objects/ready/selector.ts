import { isJsonObject, type Json } from "../../../../src/base/json.ts";
import { labelSelectorOf } from "../../client/labels.ts";
import { type KubernetesObject, valueAt } from "../../client/object.ts";

/** A workload's `spec.selector` as lists take it. */
export function selectorText(workload: KubernetesObject): string {
  const labels = valueAt(workload, "spec.selector.matchLabels");
  const expressions = valueAt(workload, "spec.selector.matchExpressions");
  const others = Array.isArray(expressions) ? expressions.flatMap(expressionText) : [];
  return labelSelectorOf(isJsonObject(labels) ? (labels as Readonly<Record<string, string>>) : {}, ...others);
}

function expressionText(expression: Json): readonly string[] {
  if (!isJsonObject(expression)) return [];
  const { key, operator, values } = expression;
  const list = Array.isArray(values) ? values.join(",") : "";
  if (operator === "Exists") return [`${key}`];
  if (operator === "DoesNotExist") return [`!${key}`];
  return [`${key} ${operator === "In" ? "in" : "notin"} (${list})`];
}

/** Whether labels are all among others. */
export function isSubset(labels: Json | undefined, of: Json | undefined): boolean {
  if (!isJsonObject(labels) || !isJsonObject(of)) return false;
  return Object.entries(labels).every(([key, value]) => of[key] === value);
}
