import { setTimeout as delay } from "node:timers/promises";
import { UnderstudyError } from "../../base/errors.ts";
import type { Child } from "./children.ts";
import { readLines } from "./lines.ts";

export interface DaemonOptions {
  /** As people read it, e.g. `PostgreSQL`. */
  readonly name: string;
  spawn(): Child;
  /** Asked again and again after a start. */
  isReady(): Promise<boolean>;
}

const shownLines = 15;
const startLimitMs = 30_000;
const pollMs = 20;
const restartAfterMs = 500;
/** A database server writes down what it has in memory before it ends. */
const stopLimitMs = 30_000;

/** A server process that is kept running until it is stopped. */
export class Daemon {
  readonly #options: DaemonOptions;
  #child: Child | undefined;
  #isWanted = false;
  #starting: Promise<void> | undefined;

  constructor(options: DaemonOptions) {
    this.#options = options;
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.#starting === undefined;
  }

  /** Settles when it is ready. Throws `service-failed` with the end of what it said. */
  start(): Promise<void> {
    this.#isWanted = true;
    if (this.isRunning) return Promise.resolve();
    this.#starting ??= this.#start().finally(() => {
      this.#starting = undefined;
    });
    return this.#starting;
  }

  /** Settles when it has ended. */
  async stop(signal: NodeJS.Signals): Promise<void> {
    this.#isWanted = false;
    const child = this.#child;
    if (child === undefined) return;
    child.signal(signal);
    const timer = setTimeout(() => child.signal("SIGKILL"), stopLimitMs);
    await child.exited;
    clearTimeout(timer);
  }

  async #start(): Promise<void> {
    const end = performance.now() + startLimitMs;
    const said: string[] = [];
    const hear = (line: string): void => {
      said.push(line);
      if (said.length > shownLines) said.shift();
    };
    while (this.#isWanted) {
      const child = this.#child ?? this.#spawn(hear);
      if (await this.#options.isReady()) return;
      if (performance.now() > end) {
        child.signal("SIGKILL");
        throw this.#failed(said);
      }
      await delay(pollMs);
      // What a killed server left (shared memory, a lock) may take a moment to go: a few more starts are tried.
      if (this.#child === undefined) {
        if (said.length === 0 || performance.now() > end - startLimitMs + 5_000) throw this.#failed(said);
        await delay(restartAfterMs);
      }
    }
  }

  #spawn(hear: (line: string) => void): Child {
    const child = this.#options.spawn();
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) if (stream !== null) void readLines(stream, hear);
    void child.exited.then(async ({ error }) => {
      if (error !== undefined) hear(error.message);
      this.#child = undefined;
      if (this.#starting !== undefined) return;
      await this.#revive();
    });
    return child;
  }

  /** Whatever a start fails of, the next one may go well. */
  async #revive(): Promise<void> {
    do await delay(restartAfterMs);
    while (this.#isWanted && !this.isRunning && !(await this.#starts()));
  }

  #starts(): Promise<boolean> {
    return this.start().then(
      () => true,
      () => false,
    );
  }

  #failed(said: readonly string[]): UnderstudyError {
    return new UnderstudyError(`${this.#options.name} did not start. It said:\n${said.join("\n")}`, {
      code: "service-failed",
    });
  }
}
