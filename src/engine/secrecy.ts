import type { Json } from "../base/json.ts";
import {
  hasSecret,
  isObject,
  isSecret,
  mapValue,
  own,
  type Properties,
  plain,
  secret,
  someValue,
} from "./values.ts";

/** Strings shorter than this are compared whole: inside a longer text they would be found by chance. */
const shortestFragment = 8;
const shortestSecret = 4;

/** Every string inside the secrets of some properties. */
export function secretStrings(properties: Properties | undefined): readonly string[] {
  const found: string[] = [];
  const collect = (value: Json): boolean => {
    if (typeof value === "string" && value.length >= shortestSecret) found.push(value);
    return false;
  };
  someValue(properties, (node) => {
    if (isSecret(node)) someValue(plain(node.value), collect);
    return false;
  });
  return found;
}

/** Carries the secrecy of known values over to those of the same name, at every depth of objects. */
function keepByName(outputs: Properties, inputs: Properties): Properties {
  return Object.fromEntries(
    Object.entries(outputs).map(([key, output]) => {
      const input = own(inputs, key);
      if (input === undefined || isSecret(output)) return [key, output];
      if (isObject(output) && isObject(input) && !isSecret(input)) return [key, keepByName(output, input)];
      return [key, hasSecret(input) ? secret(output) : output];
    }),
  );
}

/** Wraps outputs in which the text of a secret turns up, whatever their name. */
function keepByText(outputs: Properties, secrets: readonly string[]): Properties {
  if (secrets.length === 0) return outputs;
  const echoes = (node: Json): boolean =>
    typeof node === "string" &&
    secrets.some((text) => node === text || (text.length >= shortestFragment && node.includes(text)));
  return mapValue(outputs, (node) => {
    if (isSecret(node)) return node;
    return echoes(node) ? secret(node) : undefined;
  }) as Properties;
}

/**
 * Makes secret what must be secret among values that come from a plugin: the names that the program listed, and all that
 * echoes a known secret, by name or by text. Plugins are not trusted to do it.
 */
export function guardSecrets(
  values: Properties,
  known: Properties,
  additional: readonly string[] = [],
): Properties {
  const kept = keepByText(keepByName(values, known), secretStrings(known));
  if (additional.length === 0) return kept;
  return Object.fromEntries(
    Object.entries(kept).map(([key, value]) => [
      key,
      additional.includes(key) && !isSecret(value) ? secret(value) : value,
    ]),
  );
}
