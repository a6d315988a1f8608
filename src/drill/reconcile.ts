import { setTimeout as delay } from "node:timers/promises";
import { messageOf } from "../base/errors.ts";
import { connectionPool, type Destination, retire, send } from "./http.ts";
import type { RequestRecord } from "./request.ts";
import { fill, type VisitorScript } from "./script.ts";

/** What became of each acknowledged write: `present + lost.length + unexplained.length` is all of them. */
export interface Reconciliation {
  readonly present: number;
  readonly lost: readonly RequestRecord[];
  /** Could not be asked, with the last answer. */
  readonly unexplained: readonly { readonly write: RequestRecord; readonly reason: string }[];
}

export interface ReconcileOptions {
  readonly script: Pick<VisitorScript, "verify" | "absent">;
  /** The entrance of the site that is asked. */
  readonly site: Destination;
  /** Questions at once: few, since the users go on meanwhile. @default 8 */
  readonly concurrency?: number;
  /** Tries for each write before it counts as unexplained. @default 5 */
  readonly attempts?: number;
  /** Wait before another try, milliseconds. @default 500 */
  readonly retryMs?: number;
  readonly signal?: AbortSignal;
}

/** Asks a site for each acknowledged write. */
export async function reconcile(
  writes: readonly RequestRecord[],
  options: ReconcileOptions,
): Promise<Reconciliation> {
  let present = 0;
  const lost: RequestRecord[] = [];
  const unexplained: { readonly write: RequestRecord; readonly reason: string }[] = [];
  const pool = connectionPool();
  const queue = writes.values();
  const ask = async () => {
    for (const write of queue) {
      const found = await lookFor(write.id ?? "", pool, options);
      if (found === "present") present++;
      else if (found === "lost") lost.push(write);
      else unexplained.push({ write, reason: found.reason });
    }
  };
  try {
    await Promise.all(Array.from({ length: options.concurrency ?? 8 }, ask));
  } finally {
    retire(pool);
  }
  return { present, lost, unexplained };
}

async function lookFor(
  id: string,
  pool: ReturnType<typeof connectionPool>,
  options: ReconcileOptions,
): Promise<"present" | "lost" | { readonly reason: string }> {
  const { verify, absent } = options.script;
  const template = fill(verify, { id, n: 0 });
  let reason = "";
  for (let attempt = 0; attempt < (options.attempts ?? 5); attempt++) {
    if (attempt > 0) await delay(options.retryMs ?? 500, undefined, { signal: options.signal });
    options.signal?.throwIfAborted();
    try {
      const answer = await send(template, options.site, { pool, signal: AbortSignal.timeout(5_000) });
      if (answer.status === absent.status && answer.body.includes(absent.body)) return "lost";
      if (answer.status >= 200 && answer.status < 300 && answer.body.includes(id)) return "present";
      reason = `answered ${answer.status}`;
    } catch (error) {
      reason = messageOf(error);
    }
  }
  return { reason };
}
