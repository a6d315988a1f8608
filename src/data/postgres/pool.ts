import type { LinkEnd } from "../contract.ts";
import { dropOnAbort, openSession, type Session } from "./session.ts";

/** The connections of a link to one end. */
export interface Pool {
  readonly end: LinkEnd;
  /**
   * Lends a connection for the time of `work`; it is opened when none is idle, and given up when `work` fails, so that the
   * next one reads the URL anew. When `signal` is aborted, what waits for the database fails at once.
   */
  use<T>(work: (session: Session) => Promise<T>, signal?: AbortSignal): Promise<T>;
}

/** How long an unused connection is kept, so that the steps of a cutover need not each make their own. */
const idleMs = 5_000;

export function poolOf(end: LinkEnd): Pool {
  const idle: { readonly session: Session; readonly timer: NodeJS.Timeout }[] = [];
  const take = (): Session | undefined => {
    for (let entry = idle.pop(); entry !== undefined; entry = idle.pop()) {
      clearTimeout(entry.timer);
      if (!entry.session.closed) return entry.session;
    }
    return undefined;
  };
  const keep = (session: Session) => {
    session.hold(false);
    const timer = setTimeout(() => {
      const index = idle.findIndex((entry) => entry.session === session);
      if (index >= 0) idle.splice(index, 1);
      session.close();
    }, idleMs);
    idle.push({ session, timer: timer.unref() });
  };
  return {
    end,
    use: async (work, signal) => {
      signal?.throwIfAborted();
      const session = take() ?? (await openSession(end, { signal }));
      session.hold(true);
      try {
        const result = await dropOnAbort(session, signal, () => work(session));
        if (session.closed) return result;
        keep(session);
        return result;
      } catch (error) {
        session.close();
        if (signal?.aborted === true) throw signal.reason;
        throw error;
      }
    },
  };
}

/** The connections to both ends of a link. */
export interface Pools {
  readonly source: Pool;
  readonly target: Pool;
}

/** A connection to each end of a link. */
export interface Ends {
  readonly source: Session;
  readonly target: Session;
}

/** Runs `work` with a connection to each end. */
export function withBoth<T>(
  pools: Pools,
  work: (ends: Ends) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  return pools.source.use((source) => pools.target.use((target) => work({ source, target }), signal), signal);
}
