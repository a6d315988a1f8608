import { retry } from "../../../base/retry.ts";
import type { Link, LinkSettings } from "../../contract.ts";
import { dropEnd } from "../drop.ts";
import { fenceSite } from "../fence.ts";
import { poolOf } from "../pool.ts";
import { promoteSite } from "../promote.ts";
import { unfence } from "../unfence.ts";
import { whileBusy } from "../while-busy.ts";
import { within } from "../within.ts";
import { catchUp, drainTo } from "./drain.ts";
import type { Scope } from "./drift.ts";
import { holdTarget } from "./hold.ts";
import { initLink } from "./init.ts";
import { runLink } from "./run.ts";
import { statusOf } from "./status.ts";

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
        const begin = () =>
          initLink(source, target, { ...init, reseed: reseed && !wiped, onSeeded: () => (wiped = true) });
        await whileBusy(begin, { signal });
        await catchUp({ source, target }, { scope, signal, onProgress });
      };
      await retry(attempt, { attempts: 10, ...(signal === undefined ? {} : { signal }) });
    },
    run: (options) => runLink(settings, { source, target }, scope, options),
    status: ({ signal, timeoutMs = 10_000 } = {}) =>
      // Three questions, one after the other, may each wait for an end.
      statusOf(settings, { source, target }, scope, { signal, timeoutMs: Math.floor(timeoutMs / 3) }),
    fence: (epoch, options = {}) =>
      within(options, (signal) => source.use((session) => fenceSite(session, epoch, { signal }), signal)),
    unfence: (epoch, options = {}) => within(options, (signal) => unfence({ source, target }, epoch, signal)),
    drain: (position, options = {}) =>
      within(options, (signal) => drainTo({ source, target }, position, { scope, signal })),
    promote: (epoch, options = {}) =>
      within(options, (signal) =>
        target.use((session) => promoteSite(session, settings.source.site, epoch), signal),
      ),
    hold: (options = {}) => within(options, (signal) => holdTarget({ source, target }, scope, signal)),
    drop: async (options = {}) => {
      await within(options, async (signal) => {
        await dropEnd(target, settings.log, signal);
        await dropEnd(source, settings.log, signal);
      });
    },
  };
}
