import type { Lag, LinkSettings, LinkStatus } from "../../contract.ts";
import { nameOf } from "../catalogue.ts";
import type { Pools } from "../pool.ts";
import { type Progress, rateOf } from "../progress.ts";
import { type Reached, type ReachOptions, reach } from "../reach.ts";
import type { Session } from "../session.ts";
import { sql } from "../sql.ts";
import { drift, isExcluded, keyless, type Scope } from "./drift.ts";
import { type Standing, standing } from "./standing.ts";
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
  readonly source: Reached<EndView>;
  readonly target: Reached<TargetView>;
  readonly standing: Standing | undefined;
  readonly lag: Lag | undefined;
}

/** Reads both ends as far as they can be reached. */
async function look(pools: Pools, site: string, scope: Scope, options: ReachOptions): Promise<Seen> {
  const [source, target] = await Promise.all([
    reach(pools.source, viewSource, options),
    reach(pools.target, (session) => viewTarget(session, scope), options),
  ]);
  const snapshot = progressOf(source.value, target.value, site)?.snapshot ?? undefined;
  const [lag, stands] = await Promise.all([
    snapshot !== undefined && source.value !== undefined
      ? reach(pools.source, (session) => lagOf(session, snapshot), options)
      : undefined,
    source.value !== undefined && target.value !== undefined
      ? standingOf(pools, source.value, target.value, options)
      : undefined,
  ]);
  return { source, target, standing: stands?.value, lag: lag?.value };
}

function standingOf(
  pools: Pools,
  source: EndView,
  target: TargetView,
  options: ReachOptions,
): Promise<Reached<Standing>> {
  const { site } = pools.source.end;
  return reach(
    pools.target,
    (session) => standing({ source: { site }, target: session }, source, target),
    options,
  );
}

function progressOf(
  source: EndView | undefined,
  target: TargetView | undefined,
  site: string,
): Progress | undefined {
  const id = source?.state?.id;
  return target?.progress.find((item) => (id === undefined ? item.site === site : item.source === id));
}

/** See {@link Link.status}. */
export async function statusOf(
  settings: LinkSettings,
  pools: Pools,
  scope: Scope,
  options: ReachOptions,
): Promise<LinkStatus> {
  const { source, target } = settings;
  const seen = await look(pools, source.site, scope, options);
  const progress = progressOf(seen.source.value, seen.target.value, source.site);
  const differences =
    seen.source.value === undefined || seen.target.value === undefined || progress?.stage !== "follow"
      ? (progress?.drift ?? [])
      : drift(seen.source.value.catalogue, seen.target.value.catalogue, scope, {
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
    sourceReachable: seen.source.value !== undefined,
    targetReachable: seen.target.value !== undefined,
    lastReadAt: readAt,
    writesPerSecond: progress === undefined || readAt === undefined ? undefined : rateOf(progress.recent),
    promotable: promotable(seen, progress, differences, target.site),
    ...lostOf(seen.standing),
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
  return seen.source.value?.state?.role === "fenced" ? "fenced" : "following";
}

function promotable(
  seen: Seen,
  progress: Progress | undefined,
  differences: readonly string[],
  site: string,
): LinkStatus["promotable"] {
  const no = (reason: string) => ({ ok: false, reason }) as const;
  if (seen.target.value === undefined) return no(`${site} can't be reached`);
  const role = seen.target.value.state?.role;
  if (role !== "standby")
    return no(role === undefined ? `${site} is not initialised` : `${site} is ${role}, not a standby`);
  if (progress === undefined) return no(`${site} has no copy of the data`);
  if (!progress.complete) return no("the copy of the data is not finished");
  if (differences.length > 0) return no(`the schemas differ: ${differences[0]}`);
  return { ok: true };
}

function lostOf(stands: Standing | undefined): Pick<LinkStatus, "lost"> {
  if (stands?.kind !== "absent" || stands.lost === undefined) return {};
  return { lost: stands.lost.reduce((sum, item) => sum + item.changes, 0) };
}

function notesOf(seen: Seen, differences: readonly string[], scope: Scope): readonly string[] {
  const { source, target, standing: stands } = seen;
  const catalogue = source.value?.catalogue ?? target.value?.catalogue;
  const without = catalogue === undefined ? [] : keyless(catalogue, scope);
  const unwatched =
    source.value?.state === undefined ? [] : source.value.catalogue.tables.filter((table) => !table.guarded);
  return [
    ...[source.reason, target.reason].filter((reason) => reason !== undefined),
    ...(stands === undefined ? [] : describe(stands)),
    ...differences,
    ...without.map((table) => `${nameOf(table)} has no primary key and is not carried`),
    ...unwatched
      .filter((table) => !isExcluded(table, scope))
      .map((table) => `${nameOf(table)} is new: the running link takes it up once it is at both sites`),
  ];
}

function describe(stands: Standing): readonly string[] {
  if (stands.kind === "turn-around")
    return ["the way back goes on from the promotion, without a copy, once the link runs"];
  if (stands.kind === "fence-target")
    return ["the target still thinks that it is active: it is fenced once the link runs"];
  return stands.kind === "follow" ? [] : [stands.reason];
}
