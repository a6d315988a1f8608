import { timeLimit } from "../base/time-limit.ts";

/** Ends an operation on a resource after the time that the program, or else its kind, gives it. */
export function operationLimit(seconds: number): AbortSignal {
  return timeLimit(
    seconds,
    "See why it takes so long, or give it longer with the resource option customTimeouts. What was begun goes on at the next `up`.",
  );
}
