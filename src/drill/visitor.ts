import { type ChildProcess, fork } from "node:child_process";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { UnderstudyError } from "../base/errors.ts";
import type { RequestRecord } from "./request.ts";
import type { VisitorScript } from "./script.ts";

/** How users use an app. */
export interface VisitorOptions {
  /** The name that users know, resolved anew whenever its TTL has run out. */
  readonly name: string;
  readonly port: number;
  /** `address:port` of the DNS server that users ask. */
  readonly resolver: string;
  readonly script: VisitorScript;
  /** Sent at this rate however slow the answers are. @default 50 */
  readonly ratePerSecond?: number;
  /** @default 0.5 */
  readonly readShare?: number;
  /** Users with a DNS cache of their own each, who take turns. @default 10 */
  readonly users?: number;
  /** Time over which the users arrive, so that their caches don't all end together; the record's TTL is a good choice. @default 5_000 */
  readonly arrivalMs?: number;
  /** When a user gives up on a request. @default 5_000 */
  readonly deadlineMs?: number;
}

export type VisitorSettings = Required<VisitorOptions>;

/** What is said to the visitor's process, and by it. */
export type ToVisitor =
  | { readonly type: "start"; readonly settings: VisitorSettings }
  | { readonly type: "stop" };
export interface FromVisitor {
  readonly requests: readonly RequestRecord[];
  /** Every request that was due before then has been reported. */
  readonly settledUntil: number;
}

/** A steady stream of requests, in a process of its own. */
export interface Visitor {
  /** All that have ended so far, in that order; grows. */
  readonly requests: readonly RequestRecord[];
  /** Settles when the outcome of every request due before then is known. Rejects with `visitor-lost` when its process has ended. */
  settled(at: number): Promise<void>;
  /** Sends no more, waits for those under way, ends the process. */
  stop(): Promise<void>;
}

/** Settles once visiting has begun. */
export async function startVisitor(options: VisitorOptions): Promise<Visitor> {
  const settings: VisitorSettings = {
    ratePerSecond: 50,
    readShare: 0.5,
    users: 10,
    arrivalMs: 5_000,
    deadlineMs: 5_000,
    ...options,
  };
  const requests: RequestRecord[] = [];
  let settledUntil = Number.NEGATIVE_INFINITY;
  let waiters: readonly Waiter[] = [];
  let stopping = false;
  let lost: UnderstudyError | undefined;

  function settle(until: number): void {
    settledUntil = until;
    for (const waiter of waiters) if (waiter.at <= until) waiter.resolve();
    waiters = waiters.filter((waiter) => waiter.at > until);
  }

  function lose(reason: string): void {
    lost = new UnderstudyError(`The visitor's process ended before its time: ${reason}`, {
      code: "visitor-lost",
    });
    for (const waiter of waiters) waiter.reject(lost);
    waiters = [];
  }

  const child = launch();
  let errors = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    errors = (errors + text).slice(-2_000);
  });
  child.on("message", (message: FromVisitor) => {
    requests.push(...message.requests);
    settle(message.settledUntil);
  });
  const ended = new Promise<void>((resolve) => {
    child.on("error", (error) => {
      lose(error.message);
      resolve();
    });
    child.once("exit", (code, signal) => {
      if (stopping && code === 0) settle(Number.POSITIVE_INFINITY);
      else lose(`${signal ?? `exit code ${code}`}. ${errors.trim()}`);
      resolve();
    });
  });
  child.send({ type: "start", settings } satisfies ToVisitor);

  const visitor: Visitor = {
    requests,
    settled: (at) =>
      new Promise((resolve, reject) => {
        if (lost !== undefined) reject(lost);
        else if (at <= settledUntil) resolve();
        else waiters = [...waiters, { at, resolve, reject }];
      }),
    async stop() {
      stopping = true;
      if (child.connected) child.send({ type: "stop" } satisfies ToVisitor);
      const timer = setTimeout(() => child.kill("SIGKILL"), settings.deadlineMs + 2_000);
      await ended;
      clearTimeout(timer);
    },
  };
  // Any report at all says that it has begun.
  await visitor.settled(0);
  return visitor;
}

interface Waiter {
  readonly at: number;
  resolve(): void;
  reject(error: Error): void;
}

function launch(): ChildProcess {
  // `.ts` in the sources, `.js` in the published package.
  const file = new URL(`./visitor-process${extname(import.meta.url)}`, import.meta.url);
  return fork(fileURLToPath(file), {
    execArgv: ["--disable-warning=ExperimentalWarning"],
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
}
