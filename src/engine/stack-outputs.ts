import { NotFoundError } from "../base/errors.ts";
import type { Json } from "../base/json.ts";
import type { StackOutputs } from "./events.ts";
import type { StoredState } from "./state-session.ts";
import { stackType } from "./urn.ts";
import { hasSecret, mapValue, type Properties, plain, unknownValue } from "./values.ts";

/** The outputs of a stack that exists, secrets in their wrapper. Throws `no-stack`. */
export function outputsOf(state: StoredState, name: string): Properties {
  if (!state.exists) {
    throw new NotFoundError(`There is no stack '${name}' in this state folder.`, {
      code: "no-stack",
      suggestion: "See `understudy stack ls`, or make it with `understudy up`.",
    });
  }
  const root = state.snapshot.resources().find((resource) => resource.type === stackType);
  return root?.outputs ?? {};
}

/** Outputs in clear, each with whether it is secret. What only an update will know is shown as such. */
export function stackOutputs(outputs: Properties): StackOutputs {
  return Object.fromEntries(
    Object.entries(outputs).map(([name, value]) => [
      name,
      { value: mapValue(plain(value), unknownAsText), secret: hasSecret(value) },
    ]),
  );
}

function unknownAsText(node: Json): Json | undefined {
  return node === unknownValue ? "<computed>" : undefined;
}
