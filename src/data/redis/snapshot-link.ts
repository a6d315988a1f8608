import { systemClock } from "../../base/clock.ts";
import { messageOf, RefusedError, RetryableError, UnderstudyError } from "../../base/errors.ts";
import type { Link, LinkEnd, LinkSettings, LinkStatus } from "../contract.ts";
import { copyKeys } from "./copy-keys.ts";
import { openRedis, type Redis } from "./resp.ts";
import { pauseWriters, readState, staleEpoch, stateKey, writeState } from "./state.ts";

async function using<T>(
  end: LinkEnd,
  signal: AbortSignal | undefined,
  work: (redis: Redis) => Promise<T>,
): Promise<T> {
  const redis = await openRedis(await end.url(signal), end.site, signal);
  try {
    return await work(redis);
  } finally {
    redis.close();
  }
}

/**
 * Copies all keys every so often, as a plain client. It is not a snapshot of one moment: keys that are written meanwhile
 * have either value. A fence is a pause of writers, where the server allows it; the app's processes must be stopped too.
 */
export function openRedisLink(settings: LinkSettings): Link {
  const { service, mode, source, target, log } = settings;
  const everyMs = (settings.everySeconds ?? 3_600) * 1_000;

  /** Copies, unless the target has become active under an epoch as new as the source's. */
  const copy = (
    signal: AbortSignal | undefined,
    reseed: boolean,
    onKeys?: (keys: number) => void,
  ): Promise<boolean> =>
    using(source, signal, (from) =>
      using(target, signal, async (to) => {
        const here = await readState(from);
        const there = await readState(to);
        const epoch = here?.epoch ?? 0;
        if (here?.role === "standby") return false;
        if (there?.role === "active" && there.epoch >= epoch && !reseed) return false;
        const readAt = Date.now();
        await pauseWriters(to, false);
        await copyKeys(from, to, { signal, ...(onKeys === undefined ? {} : { onKeys }) });
        if (here === undefined) await writeState(from, { role: "active", epoch });
        await writeState(to, { role: "standby", epoch, readAt, source: source.site });
        return true;
      }),
    );

  const status = async (signal?: AbortSignal): Promise<LinkStatus> => {
    const [from, to] = await Promise.allSettled([
      using(source, signal, readState),
      using(target, signal, readState),
    ]);
    const there = to.status === "fulfilled" ? to.value : undefined;
    const follows = there?.role === "standby" && there.source === source.site;
    const isFenced = from.status === "fulfilled" && from.value?.role === "fenced";
    const ageMs = there?.readAt === undefined ? undefined : Math.max(0, Date.now() - there.readAt);
    return {
      service,
      mode,
      source: source.site,
      target: target.site,
      state: !follows ? "absent" : isFenced ? "fenced" : "following",
      lag:
        !follows || ageMs === undefined
          ? undefined
          : { changes: 0, bytes: undefined, seconds: ageMs / 1_000 },
      sourceReachable: from.status === "fulfilled",
      targetReachable: to.status === "fulfilled",
      lastReadAt: follows ? there?.readAt : undefined,
      writesPerSecond: undefined,
      promotable: follows
        ? { ok: true }
        : {
            ok: false,
            reason:
              to.status === "fulfilled"
                ? `${target.site} has no copy of the keys`
                : `${target.site} can't be reached`,
          },
      notes: ["Redis does not count changes: the lag is the age of the last copy"],
    };
  };

  return {
    service,
    init: async ({ signal, reseed = false, onProgress }) => {
      const report = (rows: number) => onProgress?.({ table: "keys", rows, tablesDone: 0, tables: 1 });
      if (await copy(signal, reseed, report)) return;
      throw new RefusedError(`The Redis of ${target.site} is the active one.`, {
        code: "wrong-direction",
        rule: "data-flows-from-the-active-site",
        suggestion: "Make the link the other way round.",
      });
    },
    run: async ({ signal, onStatus }) => {
      while (!signal.aborted) {
        let waitMs = everyMs;
        try {
          await copy(signal, false);
          onStatus?.(await status(signal));
        } catch (error) {
          if (signal.aborted) return;
          log.warn(`link ${service}: ${messageOf(error)}`);
          waitMs = Math.min(everyMs, 5_000);
        }
        await systemClock.sleep(waitMs, signal).catch(() => {});
      }
    },
    status: (options = {}) => status(options.signal),
    fence: (epoch, { signal } = {}) =>
      using(source, signal, async (redis) => {
        const state = (await readState(redis)) ?? { role: "active", epoch: 0 };
        if (state.epoch > epoch) throw staleEpoch(source.site, state.epoch, epoch);
        // The pause would hold up this write too, and a pause that is on already.
        await pauseWriters(redis, false);
        const fencedAt = state.role === "fenced" ? (state.fencedAt ?? Date.now()) : Date.now();
        await writeState(redis, {
          ...state,
          role: state.role === "active" ? "fenced" : state.role,
          epoch,
          fencedAt,
        });
        if (!(await pauseWriters(redis, true))) {
          log.warn(
            `The Redis of ${source.site} does not let its writers be paused: stop the app's processes there.`,
          );
        }
        return String(fencedAt);
      }),
    unfence: async (epoch, { signal } = {}) => {
      const there = await using(target, signal, readState).catch(() => undefined);
      if (there?.role === "active" && there.epoch >= epoch) {
        throw new RefusedError(`${target.site} is active since epoch ${there.epoch}: its data counts now.`, {
          code: "target-promoted",
          rule: "one-site-writes",
          suggestion: "Fail back instead, so that what was written there comes along.",
        });
      }
      await using(source, signal, async (redis) => {
        const state = await readState(redis);
        if (state !== undefined && state.epoch > epoch) throw staleEpoch(source.site, state.epoch, epoch);
        await pauseWriters(redis, false);
        if (state?.role === "fenced") await writeState(redis, { role: "active", epoch: state.epoch });
      });
    },
    // A copy begun before the writers were held up may lack their last writes: so one more is made in any case.
    drain: async (_position, { signal } = {}) => {
      if (await copy(signal, false)) return;
      const there = await using(target, signal, readState);
      if (there?.role === "active") return;
      throw new UnderstudyError(
        `The Redis of ${source.site} is a standby: there is nothing to copy from it.`,
        {
          code: "link-not-following",
          suggestion: 'Look at "understudy link status".',
        },
      );
    },
    promote: (epoch, { signal } = {}) =>
      using(target, signal, async (redis) => {
        const state = await readState(redis);
        if (state !== undefined && state.epoch > epoch) throw staleEpoch(target.site, state.epoch, epoch);
        await pauseWriters(redis, false);
        await writeState(redis, { role: "active", epoch });
        return { sequences: {}, notes: [] };
      }),
    drop: async ({ signal } = {}) => {
      for (const end of [target, source]) {
        try {
          await using(end, signal, async (redis) => {
            await pauseWriters(redis, false);
            await redis.call("DEL", stateKey);
          });
        } catch (error) {
          if (!(error instanceof RetryableError)) throw error;
          log.warn(`What the link put at ${end.site} is still there: ${messageOf(error)}`);
        }
      }
    },
  };
}
