import { RetryableError, UnderstudyError } from "../../base/errors.ts";
import { retry } from "../../base/retry.ts";
import type { Link, LinkSettings, StepOptions } from "../contract.ts";
import { catchUp, drainTo } from "./drain.ts";
import type { Scope } from "./drift.ts";
import { dropEnd } from "./drop.ts";
import { fenceSite, unfenceSite } from "./fence.ts";
import { initLink } from "./init.ts";
import { poolOf } from "./pool.ts";
import { readProgressOf } from "./progress.ts";
import { promoteSite } from "./promote.ts";
import { runLink } from "./run.ts";
import { readState } from "./state.ts";
import { statusOf } from "./status.ts";

/** Runs a step within its time, trying again what may be tried again. */
async function within<T>(options: StepOptions, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const timeoutMs = options.timeoutMs ?? 30_000;
  const deadline = AbortSignal.timeout(timeoutMs);
  const signal = options.signal === undefined ? deadline : AbortSignal.any([options.signal, deadline]);
  let last: unknown;
  try {
    return await retry(
      async () => {
        try {
          return await work(signal);
        } catch (error) {
          if (!signal.aborted) last = error;
          throw error;
        }
      },
      { attempts: 100, baseMs: 50, maxMs: 2_000, signal },
    );
  } catch (error) {
    if (!deadline.aborted || options.signal?.aborted === true) throw error;
    throw new RetryableError(`This took longer than ${timeoutMs / 1000} s${last instanceof Error ? `: ${last.message}` : "."}`, {
      code: "link-timeout",
      cause: last ?? error,
    });
  }
}

/**
 * A link that needs no more than the owner's rights at both ends: triggers at the source log the keys of changed rows, and
 * a client of both sides carries the rows over.
 */
export function openTriggerLink(settings: LinkSettings): Link {
  const source = poolOf(settings.source);
  const target = poolOf(settings.target);
  const scope: Scope = { withoutKey: settings.withoutKey, exclude: settings.exclude };
  return {
    service: settings.service,
    init: async ({ signal, reseed = false, onProgress }) => {
      const init = { scope, signal, onProgress, reseed, service: settings.service, log: settings.log };
      // Data is replaced once, however often the rest has to be tried.
      let wiped = false;
      const attempt = async () => {
        await initLink(source, target, { ...init, reseed: reseed && !wiped, onSeeded: () => (wiped = true) });
        await catchUp({ source, target }, { scope, signal, onProgress });
      };
      await retry(attempt, { attempts: 10, ...(signal === undefined ? {} : { signal }) });
    },
    run: (options) => runLink(settings, { source, target }, scope, options),
    status: (options = {}) => within(options, (signal) => statusOf(settings, { source, target }, scope, signal)),
    fence: (epoch, options = {}) =>
      within(options, (signal) => source.use((session) => fenceSite(session, epoch, { signal }), signal)),
    unfence: (epoch, options = {}) =>
      within(options, (signal) => source.use((session) => unfenceSite(session, epoch), signal)),
    drain: (position, options = {}) =>
      within(options, (signal) => drainTo({ source, target }, position, { scope, signal })),
    promote: (epoch, options = {}) =>
      within(options, (signal) =>
        target.use(async (session) => {
          const state = await readState(session);
          if (state === undefined) {
            throw new UnderstudyError(`Nothing of Understudy is installed in the database of ${session.site}.`, {
              code: "link-absent",
              suggestion: 'Run "understudy link init" first.',
            });
          }
          const progress = await readProgressOf(session, settings.source.site);
          return promoteSite(session, epoch, { state, progress });
        }, signal),
      ),
    drop: async (options = {}) => {
      await within(options, async (signal) => {
        await dropEnd(target, settings.log, signal);
        await dropEnd(source, settings.log, signal);
      });
    },
  };
}
