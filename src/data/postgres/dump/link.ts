import { systemClock } from "../../../base/clock.ts";
import { messageOf, RefusedError, RetryableError, UnderstudyError } from "../../../base/errors.ts";
import { retry } from "../../../base/retry.ts";
import type { Link, LinkSettings } from "../../contract.ts";
import { readCatalogue } from "../catalogue.ts";
import { dropEnd } from "../drop.ts";
import { endSessions, fenceSite, setReadOnly } from "../fence.ts";
import { install } from "../install.ts";
import { type Ends, poolOf, withBoth } from "../pool.ts";
import { covers } from "../position.ts";
import { promoteSite } from "../promote.ts";
import type { Session } from "../session.ts";
import { sql } from "../sql.ts";
import { readState } from "../state.ts";
import { checkServer } from "../trigger/suitable.ts";
import { unfence } from "../unfence.ts";
import { whileBusy } from "../while-busy.ts";
import { within } from "../within.ts";
import { copyByDump } from "./copy.ts";
import { type Roles, rolesOf, seed } from "./roles.ts";
import { statusOfDump } from "./status.ts";

const defaultEverySeconds = 3_600;

/** The roles of both ends, once an old primary that came back has been fenced. */
async function settleRoles(ends: Ends, signal: AbortSignal | undefined): Promise<Roles> {
  const roles = await rolesOf(ends);
  if (roles.kind !== "fence-target") return roles;
  await stopWriters(ends.target, signal);
  await fenceSite(ends.target, roles.epoch, { signal });
  return rolesOf(ends);
}

/** Copies once, if the roles of both ends are those of this direction. */
async function copyNow(ends: Ends, settings: LinkSettings, signal: AbortSignal | undefined): Promise<void> {
  const roles = await settleRoles(ends, signal);
  if (roles.kind === "turn-around") {
    await seed(ends, roles.state, settings.source.site);
    return copyNow(ends, settings, signal);
  }
  if (roles.kind !== "follow") {
    throw new UnderstudyError(`Nothing is copied to ${settings.target.site}: ${roles.reason}.`, {
      code: "link-not-following",
      suggestion: 'Look at "understudy link status".',
    });
  }
  await copyByDump(ends, roles, { exclude: settings.exclude, signal });
}

async function begin(
  ends: Ends,
  settings: LinkSettings,
  reseed: boolean,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { service, source, target } = settings;
  await Promise.all([checkServer(ends.source), checkServer(ends.target)]);
  await install(ends.source, { service, site: source.site, role: "active", epoch: 0 });
  const from = await readState(ends.source);
  if (from === undefined) return;
  const isNew = (await readState(ends.target)) === undefined;
  await install(ends.target, { service, site: target.site, role: "standby", epoch: from.epoch });
  const roles = await settleRoles(ends, signal);
  if (roles.kind === "follow" && !reseed) return;
  if (roles.kind === "elsewhere") {
    throw new RefusedError(`${roles.reason}.`, {
      code: "wrong-direction",
      rule: "data-flows-from-the-active-site",
      suggestion: "Make the link the other way round.",
    });
  }
  if (!reseed && roles.kind !== "turn-around" && (!isNew || (await hasTables(ends.target)))) {
    throw new RefusedError(`The database of ${target.site} has tables already.`, {
      code: "target-not-empty",
      rule: "never-overwrite-unasked",
      suggestion: "Pass --reseed if they may be replaced by the source's.",
    });
  }
  await seed(ends, from, source.site);
}

async function hasTables(session: Session): Promise<boolean> {
  return (await readCatalogue(session, true)).tables.length > 0;
}

/** Ends the app's sessions and waits until they are gone: without triggers nothing else holds a writer up. */
async function stopWriters(session: Session, signal: AbortSignal | undefined): Promise<void> {
  await setReadOnly(session, true);
  const since = await session.cell(sql`SELECT clock_timestamp()`);
  for (;;) {
    await endSessions(session);
    const left = await session.cell(sql`SELECT count(*) FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name NOT LIKE 'understudy%'
        AND coalesce(backend_type, 'client backend') = 'client backend' AND backend_start <= ${since}::timestamptz`);
    if (left === "0") return;
    await systemClock.sleep(20, signal);
  }
}

/**
 * Copies the whole database every so often with pg_dump, and nothing in between: the interval is what may be lost. Puts no
 * trigger on the app's tables; a fenced source is read-only by default, which a session can still override.
 */
export function openDumpLink(settings: LinkSettings): Link {
  const { service, log } = settings;
  const source = poolOf(settings.source);
  const target = poolOf(settings.target);
  const everyMs = (settings.everySeconds ?? defaultEverySeconds) * 1_000;
  const both = <T>(work: (ends: Ends) => Promise<T>, signal?: AbortSignal) =>
    withBoth({ source, target }, work, signal);
  return {
    service,
    init: async ({ signal, reseed = false }) => {
      await both((ends) => begin(ends, settings, reseed, signal), signal);
      const copy = () => both((ends) => copyNow(ends, settings, signal), signal);
      const attempt = () => whileBusy(copy, { signal });
      await retry(attempt, { attempts: 5, ...(signal === undefined ? {} : { signal }) });
    },
    run: async ({ signal, onStatus }) => {
      while (!signal.aborted) {
        let waitMs = everyMs;
        try {
          await both((ends) => copyNow(ends, settings, signal), signal);
          onStatus?.(await statusOfDump(settings, { source, target }, { signal, timeoutMs: 5_000 }));
        } catch (error) {
          if (signal.aborted) return;
          log.warn(`link ${service}: ${messageOf(error)}`);
          waitMs = Math.min(everyMs, error instanceof RetryableError ? 5_000 : 30_000);
        }
        await systemClock.sleep(waitMs, signal).catch(() => {});
      }
    },
    status: ({ signal, timeoutMs = 10_000 } = {}) =>
      // Two questions, one after the other, may each wait for an end.
      statusOfDump(settings, { source, target }, { signal, timeoutMs: Math.floor(timeoutMs / 2) }),
    fence: (epoch, options = {}) =>
      within(options, (signal) =>
        source.use(async (session) => {
          const state = await readState(session);
          if (state?.role === "active" && state.epoch <= epoch) await stopWriters(session, signal);
          return fenceSite(session, epoch, { signal });
        }, signal),
      ),
    unfence: (epoch, options = {}) => within(options, (signal) => unfence({ source, target }, epoch, signal)),
    drain: (position, options = {}) =>
      within(options, (signal) =>
        both(async (ends) => {
          const roles = await rolesOf(ends);
          const has = roles.kind === "follow" ? roles.progress.snapshot : null;
          if (has !== null && covers(has, position)) return;
          await copyNow(ends, settings, signal);
        }, signal),
      ),
    promote: (epoch, options = {}) =>
      within(options, (signal) =>
        target.use(async (session) => {
          const promotion = await promoteSite(session, settings.source.site, epoch);
          await setReadOnly(session, false);
          await endSessions(session);
          return promotion;
        }, signal),
      ),
    drop: (options = {}) =>
      within(options, async (signal) => {
        await dropEnd(target, log, signal);
        await dropEnd(source, log, signal);
      }),
  };
}
