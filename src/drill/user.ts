import { performance } from "node:perf_hooks";
import type { StubResolver } from "../traffic/resolver.ts";
import { connectionPool, retire, send } from "./http.ts";
import type { RequestRecord } from "./request.ts";
import { fill, type RequestTemplate } from "./script.ts";

export interface UserOptions {
  readonly name: string;
  readonly port: number;
  readonly deadlineMs: number;
  /** With a cache of its own. */
  readonly resolver: StubResolver;
}

/** A request that is due. */
export interface DueRequest {
  readonly kind: "read" | "write";
  readonly template: RequestTemplate;
  readonly id: string;
  readonly n: number;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/**
 * One user: a DNS cache and connections of its own. Connections are kept alive while the name leads to their address and
 * left once the TTL has run out and it leads elsewhere. A browser with an open connection may stay on the old side for
 * longer; the runbook's last step looks after those stragglers, the visitor does not count them.
 */
export interface User {
  /** Never rejects: whatever goes wrong is the outcome. */
  request(due: DueRequest): Promise<RequestRecord>;
  leave(): void;
}

export function createUser(options: UserOptions): User {
  let address: string | undefined;
  let pool = connectionPool();

  async function resolve(): Promise<string> {
    const { addresses } = await options.resolver.resolve(options.name);
    const found = addresses[0];
    if (found === undefined) throw new Error(`${options.name} has no address`);
    if (found !== address) {
      retire(pool);
      pool = connectionPool();
      address = found;
    }
    return found;
  }

  return {
    async request(due) {
      // Latency counts from when the request was due: were this process late, its users would have waited just so.
      const late = Date.now() - due.at;
      const started = performance.now();
      const signal = AbortSignal.timeout(Math.max(1, options.deadlineMs - late));
      let sentTo: string | undefined;
      const outcome = await (async () => {
        try {
          sentTo = await beforeAbort(resolve(), signal);
        } catch {
          return signal.aborted ? "deadline" : "dns";
        }
        try {
          const to = { address: sentTo, port: options.port, host: options.name };
          return String((await send(fill(due.template, due), to, { pool, signal })).status);
        } catch (error) {
          return signal.aborted ? "deadline" : ((error as NodeJS.ErrnoException).code ?? "error");
        }
      })();
      return {
        at: due.at,
        kind: due.kind,
        ok: /^2\d\d$/.test(outcome),
        outcome,
        latencyMs: late + performance.now() - started,
        address: sentTo,
        ...(due.kind === "write" ? { id: due.id } : {}),
      };
    },
    leave: () => retire(pool),
  };
}

function beforeAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    work.then(resolve, reject);
  });
}
