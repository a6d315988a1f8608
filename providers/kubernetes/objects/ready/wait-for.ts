import { InputError } from "../../../../src/base/errors.ts";
import { type KubernetesObject, valueAt } from "../../client/object.ts";
import { annotations } from "../annotations.ts";
import { conditionOf } from "./conditions.ts";
import { type Look, ready, waiting } from "./look.ts";

/** Judges an object by what its annotation `pulumi.com/waitFor` asks for: one expression, or a JSON list of them. */
export function lookForAnnotation(object: KubernetesObject, annotation: string): Look {
  for (const expression of expressionsOf(annotation)) {
    const missing = missingFor(object, expression);
    if (missing !== undefined) return waiting(missing);
  }
  return ready;
}

function expressionsOf(annotation: string): readonly string[] {
  if (!annotation.trimStart().startsWith("[")) return [annotation];
  try {
    const list: unknown = JSON.parse(annotation);
    if (Array.isArray(list) && list.every((item) => typeof item === "string")) return list;
  } catch {
    // Told below, with what it should have been.
  }
  throw bad(annotation);
}

function missingFor(object: KubernetesObject, expression: string): string | undefined {
  const condition = /^condition=([^=]+)(?:=(.*))?$/.exec(expression);
  if (condition !== null) {
    const [, type = "", status = "True"] = condition;
    const found = conditionOf(object, type);
    if (found?.status.toLowerCase() === status.toLowerCase()) return undefined;
    const why = found === undefined ? "isn't there yet" : `is ${found.status}: ${found.message}`;
    return `its condition ${type} ${why}`;
  }
  const path = /^jsonpath=\{?\.?([A-Za-z_][\w.-]*(?:\[\d+\][\w.-]*)*)\}?(?:=(.*))?$/.exec(expression);
  if (path === null) throw bad(expression);
  const [, place = "", value] = path;
  const found = valueAt(object, place.replaceAll(/\[(\d+)\]/g, ".$1"));
  const isThere = value === undefined ? found !== undefined : String(found) === value;
  if (isThere) return undefined;
  return `its ${place} is ${found === undefined ? "not there yet" : `'${String(found)}'`}`;
}

function bad(text: string): InputError {
  return new InputError([
    {
      code: "bad-wait-for",
      path: `metadata.annotations["${annotations.waitFor}"]`,
      message: `'${text}' is nothing to wait for.`,
      suggestion: "Write condition=Ready, jsonpath={.status.phase}=Running, or a JSON list of such.",
    },
  ]);
}
