import { messageOf, UnderstudyError } from "../base/errors.ts";
import type { JsonObject } from "../base/json.ts";

/**
 * The resource was made but did not come up, for the reason that `cause` tells. Its id and outputs are kept, so that the
 * next `up` goes on from there.
 */
export class PartialCreateError extends UnderstudyError {
  readonly id: string;
  readonly outputs: JsonObject;

  constructor(cause: unknown, made: { readonly id: string; readonly outputs: JsonObject }) {
    const suggestion = cause instanceof UnderstudyError ? cause.suggestion : undefined;
    super(messageOf(cause), {
      code: "partially-created",
      cause,
      ...(suggestion === undefined ? {} : { suggestion }),
    });
    this.id = made.id;
    this.outputs = made.outputs;
  }
}
