import { UnderstudyError } from "../base/errors.ts";
import type { JsonObject } from "../base/json.ts";

/** The resource was made but did not come up. Its id and outputs are kept, so that the next `up` goes on from there. */
export class PartialCreateError extends UnderstudyError {
  readonly id: string;
  readonly outputs: JsonObject;

  constructor(
    message: string,
    made: {
      readonly id: string;
      readonly outputs: JsonObject;
      readonly cause?: unknown;
      readonly suggestion?: string;
    },
  ) {
    super(message, {
      code: "partially-created",
      ...(made.cause === undefined ? {} : { cause: made.cause }),
      ...(made.suggestion === undefined ? {} : { suggestion: made.suggestion }),
    });
    this.id = made.id;
    this.outputs = made.outputs;
  }
}
