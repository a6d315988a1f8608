import type { Clock } from "../base/clock.ts";
import type { ReadOptions } from "./reading.ts";

/** The least time that a question to a server gets, milliseconds, even when the whole is over. */
const leastMs = 50;

/** The time that a call with several exchanges has in all. */
export class Budget {
  readonly signal: AbortSignal | undefined;
  readonly #clock: Clock;
  readonly #end: number;

  constructor(clock: Clock, timeoutMs: number, signal: AbortSignal | undefined) {
    this.signal = signal;
    this.#clock = clock;
    this.#end = clock.monotonic() + timeoutMs;
  }

  left(): number {
    return this.#end - this.#clock.monotonic();
  }

  /** An equal part of what is left, when so many more exchanges (each with a look after it) may be needed. */
  share(exchanges: number): number {
    return Math.max(leastMs, this.left() / (exchanges + 1));
  }

  /** For one question: half of what is left, so that something remains to act on its answer. */
  read(): ReadOptions {
    return { timeoutMs: Math.max(leastMs, this.left() / 2), signal: this.signal };
  }
}
