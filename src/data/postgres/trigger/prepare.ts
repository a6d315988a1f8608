import { RetryableError } from "../../../base/errors.ts";
import type { CopyProgress } from "../../contract.ts";
import { nameOf } from "../catalogue.ts";
import { fenceSite } from "../fence.ts";
import type { Ends } from "../pool.ts";
import type { Progress } from "../progress.ts";
import type { Session } from "../session.ts";
import { type Sql, sql } from "../sql.ts";
import { capture, isCaptured } from "./capture.ts";
import { copyTable, noteCopied, type Pair } from "./copy.ts";
import { carried, drift, isExcluded, type Scope } from "./drift.ts";
import { quietDown, rememberForeignKeys } from "./quiet.ts";
import { type Apart, standing } from "./standing.ts";
import { type EndView, needOf, pairsOf, type TargetView, viewSource, viewTarget } from "./view.ts";
import { turnAround } from "./way-back.ts";

export interface PrepareOptions {
  readonly scope: Scope;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: CopyProgress) => void) | undefined;
}

/** What a link finds at its two ends. */
export type Prepared =
  | Apart
  | { readonly kind: "drifted"; readonly notes: readonly string[]; readonly progress: Progress }
  | {
      readonly kind: "ready";
      /** The newest epoch that the target knows. */
      readonly epoch: number;
      readonly progress: Progress;
      readonly pairs: readonly Pair[];
    };

/** How many things may be mended, one after the other, before it is left to the next try. */
const rounds = 30;

/** Looks at both ends, does what has to be done before windows can be applied, and says where the link stands. */
export async function prepare(ends: Ends, options: PrepareOptions): Promise<Prepared> {
  for (let round = 0; round < rounds; round++) {
    const [source, target] = await Promise.all([
      viewSource(ends.source),
      viewTarget(ends.target, options.scope),
    ]);
    const stands = await standing(ends, source, target);
    if ("reason" in stands) return stands;
    if (stands.kind === "fence-target") {
      await fenceSite(ends.target, stands.epoch, options);
    } else if (stands.kind === "turn-around") {
      await turnAround(ends.source, ends.target, { source, target }, options.scope);
    } else if (stands.progress.stage !== "follow") {
      return { kind: "absent", reason: "its initial copy was cut off: run init again" };
    } else {
      const { progress } = stands;
      const done = await follow(ends, { source, target, epoch: stands.target.epoch, progress }, options);
      if (done !== "again") return done;
    }
  }
  throw new RetryableError(
    `${ends.source.site} and ${ends.target.site} change faster than they can be looked at.`,
    {
      code: "link-unsettled",
    },
  );
}

interface Found {
  readonly source: EndView;
  readonly target: TargetView;
  readonly epoch: number;
  readonly progress: Progress;
}

async function follow(ends: Ends, found: Found, options: PrepareOptions): Promise<Prepared | "again"> {
  const { source, target, progress } = found;
  const sites = { source: ends.source.site, target: ends.target.site };
  const notes = drift(source.catalogue, target.catalogue, options.scope, sites);
  if (notes.join("\n") !== progress.drift.join("\n")) {
    await ends.target.run(
      sql`UPDATE understudy.progress SET turn = turn + 1, drift = ${notes} WHERE source = ${progress.source}`,
    );
    return "again";
  }
  if (notes.length > 0) return { kind: "drifted", notes, progress };
  if (target.loud) {
    await quietDown(ends.target, options.scope.exclude, options);
    return "again";
  }
  const isOurs = (key: { readonly table: string }) => !options.scope.exclude.includes(key.table);
  const keys = source.foreignKeys.filter(isOurs);
  if (JSON.stringify(keys) !== JSON.stringify(target.foreignKeys.filter(isOurs))) {
    const claim = sql`SELECT understudy.claim(${progress.source}, NULL)`;
    await ends.target.run(sql`BEGIN`, claim, ...rememberForeignKeys(keys), sql`COMMIT`);
  }
  if (await captureAll(ends, source, target, options)) return "again";
  const pairs = pairsOf(source.catalogue, target.catalogue, options.scope);
  if (await copyAll(ends, pairs, target, progress, options)) return "again";
  return { kind: "ready", epoch: found.epoch, progress, pairs };
}

/** Whether any triggers had to be made. */
export async function captureAll(
  ends: Ends,
  source: EndView,
  target: EndView,
  options: PrepareOptions,
): Promise<boolean> {
  let made = false;
  for (const [session, view] of [
    [ends.source, source],
    [ends.target, target],
  ] as const) {
    const logged = new Set(carried(view.catalogue, options.scope));
    for (const table of view.catalogue.tables) {
      if (isExcluded(table, options.scope)) continue;
      const log = logged.has(table);
      if (table.guarded && (!log || isCaptured(table))) continue;
      await capture(session, table, { log, signal: options.signal });
      made = true;
    }
  }
  return made;
}

/** Whether any table had to be copied. */
export async function copyAll(
  ends: Ends,
  pairs: readonly Pair[],
  target: TargetView,
  progress: Progress,
  options: PrepareOptions,
): Promise<boolean> {
  const copied = new Map(target.copied.map((item) => [item.relid, item]));
  const notes: Sql[] = [];
  const due: Pair[] = [];
  for (const pair of pairs) {
    const need = needOf(pair, copied.get(pair.target.relid));
    if (need === "copy") due.push(pair);
    if (need === "note") notes.push(noteCopied(pair));
  }
  if (notes.length > 0) await ends.target.run(...notes);
  if (due.length > 0) await markIncomplete(ends.target, due, target, progress.source);
  let done = pairs.length - due.length;
  for (const pair of due) {
    const table = nameOf(pair.source);
    const report = (rows: number, tablesDone: number) =>
      options.onProgress?.({ table, rows, tablesDone, tables: pairs.length });
    report(0, done);
    await copyTable(ends.source, ends.target, pair, {
      sourceId: progress.source,
      onRows: (rows) => report(rows, done),
      signal: options.signal,
    });
    done++;
  }
  return due.length > 0;
}

/** From here on until they are copied, windows leave the tables out, and the target may not be promoted. */
async function markIncomplete(
  target: Session,
  due: readonly Pair[],
  seen: TargetView,
  source: string,
): Promise<void> {
  const relids = new Set(due.map((pair) => pair.target.relid));
  // Only as they were seen: another process may have copied one since.
  const forget = seen.copied
    .filter((item) => relids.has(item.relid))
    .map(
      ({ relid, tab, shape }) =>
        sql`DELETE FROM understudy.copied WHERE relid = ${relid} AND tab = ${tab} AND shape = ${shape}`,
    );
  const mark = sql`UPDATE understudy.progress SET turn = turn + 1, complete = false WHERE source = ${source}`;
  await target.run(sql`BEGIN`, sql`SELECT understudy.claim(${source}, NULL)`, ...forget, mark, sql`COMMIT`);
}
