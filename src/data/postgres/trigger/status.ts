import { RetryableError } from "../../../base/errors.ts";
import type { Lag, LinkSettings, LinkStatus } from "../../contract.ts";
import { nameOf } from "../catalogue.ts";
import type { Pool } from "../pool.ts";
import { type Progress, rateOf } from "../progress.ts";
import type { Session } from "../session.ts";
import { sql } from "../sql.ts";
import { drift, keyless, type Scope } from "./drift.ts";
import { type Standing, standing } from "./prepare.ts";
import { type EndView, type TargetView, viewSource, viewTarget } from "./view.ts";
import { after } from "./window.ts";

/** What of the source's log the target doesn't have. Bytes are by the mean size of each table's rows. */
async function lagOf(source: Session, snapshot: string): Promise<Lag> {
  const [rows] = await source.run(sql`
    SELECT coalesce(sum(w.changes), 0), coalesce(round(sum(w.changes * CASE WHEN t.reltuples > 0
        THEN pg_table_size(t.oid) / t.reltuples ELSE 200 END)), 0),
      coalesce(greatest(extract(epoch FROM now() - min(w.since)), 0), 0)
    FROM (SELECT c.tab, count(*) AS changes, min(c.at) AS since FROM understudy.changes c
      WHERE ${after(snapshot)} GROUP BY c.tab) AS w
    JOIN understudy.tables l ON l.id = w.tab JOIN pg_class t ON t.oid = l.relid`);
  const [changes, bytes, seconds] = (rows?.[0] ?? []).map(Number);
  return { changes: changes ?? 0, bytes: bytes ?? 0, seconds: seconds ?? 0 };
}

interface Seen {
  readonly source: EndView | undefined;
  readonly target: TargetView | undefined;
  readonly standing: Standing | undefined;
  readonly lag: Lag | undefined;
}

/** Reads both ends as far as they can be reached. */
async function look(
  source: Pool,
  target: Pool,
  site: string,
  signal: AbortSignal | undefined,
): Promise<Seen> {
  const reach = async <T>(pool: Pool, work: (session: Session) => Promise<T>): Promise<T | undefined> => {
    try {
      return await pool.use(work, signal);
    } catch (error) {
      if (error instanceof RetryableError) return undefined;
      throw error;
    }
  };
  const [from, to] = await Promise.all([reach(source, viewSource), reach(target, viewTarget)]);
  const progress = progressOf(from, to, site);
  const snapshot = progress?.snapshot ?? null;
  const lag =
    snapshot === null || from === undefined
      ? undefined
      : await reach(source, (session) => lagOf(session, snapshot));
  const both = (from: EndView, to: TargetView) =>
    reach(source, (a) => target.use((b) => standing({ source: a, target: b }, from, to), signal));
  const stands = from === undefined || to === undefined ? undefined : await both(from, to);
  return { source: from, target: to, standing: stands, lag };
}

function progressOf(
  source: EndView | undefined,
  target: TargetView | undefined,
  site: string,
): Progress | undefined {
  return target?.progress.find((item) =>
    source?.state === undefined ? item.site === site : item.source === source.state.id,
  );
}

/** See {@link Link.status}. */
export async function statusOf(
  settings: LinkSettings,
  ends: { readonly source: Pool; readonly target: Pool },
  scope: Scope,
  signal?: AbortSignal,
): Promise<LinkStatus> {
  const { source, target } = settings;
  const seen = await look(ends.source, ends.target, source.site, signal);
  const progress = progressOf(seen.source, seen.target, source.site);
  const differences =
    seen.source === undefined || seen.target === undefined || progress?.stage !== "follow"
      ? (progress?.drift ?? [])
      : drift(seen.source.catalogue, seen.target.catalogue, scope, {
          source: source.site,
          target: target.site,
        });
  const state = stateOf(seen, progress, differences);
  const readAt =
    progress?.read_at === null || progress === undefined ? undefined : Date.parse(progress.read_at);
  return {
    service: settings.service,
    mode: settings.mode,
    source: source.site,
    target: target.site,
    state,
    lag: seen.lag,
    sourceReachable: seen.source !== undefined,
    targetReachable: seen.target !== undefined,
    lastReadAt: readAt,
    writesPerSecond:
      progress === undefined || readAt === undefined ? undefined : rateOf(progress.recent, readAt),
    promotable: promotable(seen, progress, differences, target.site),
    notes: notesOf(seen, differences, scope),
  };
}

function stateOf(
  seen: Seen,
  progress: Progress | undefined,
  differences: readonly string[],
): LinkStatus["state"] {
  if (progress === undefined || (seen.standing !== undefined && seen.standing.kind !== "follow"))
    return "absent";
  if (!progress.complete) return "copying";
  if (differences.length > 0) return "drifted";
  return seen.source?.state?.role === "fenced" ? "fenced" : "following";
}

function promotable(
  seen: Seen,
  progress: Progress | undefined,
  differences: readonly string[],
  site: string,
): LinkStatus["promotable"] {
  const no = (reason: string) => ({ ok: false, reason }) as const;
  if (seen.target === undefined) return no(`${site} can't be reached`);
  const role = seen.target.state?.role;
  if (role !== "standby")
    return no(role === undefined ? `${site} is not initialised` : `${site} is ${role}, not a standby`);
  if (progress === undefined) return no(`${site} has no copy of the data`);
  if (!progress.complete) return no("the copy of the data is not finished");
  if (differences.length > 0) return no(`the schemas differ: ${differences[0]}`);
  return { ok: true };
}

function notesOf(seen: Seen, differences: readonly string[], scope: Scope): readonly string[] {
  const stands = seen.standing;
  const catalogue = seen.source?.catalogue ?? seen.target?.catalogue;
  const unwatched =
    seen.source?.state === undefined ? [] : seen.source.catalogue.tables.filter((table) => !table.guarded);
  return [
    ...(stands !== undefined && "reason" in stands ? [stands.reason] : []),
    ...differences,
    ...(catalogue === undefined
      ? []
      : keyless(catalogue, scope).map((table) => `${nameOf(table)} has no key and is not carried`)),
    ...unwatched
      .filter((table) => !scope.exclude.includes(nameOf(table)))
      .map(
        (table) =>
          `${nameOf(table)} is not watched yet: it is taken up by the running link once it is at both sites`,
      ),
  ];
}
