import { RefusedError, UnderstudyError } from "../../../base/errors.ts";
import type { Log } from "../../../base/log.ts";
import { readCatalogue } from "../catalogue.ts";
import { applySchema, carryExtensions, dumpSchema, refreshViews, type SchemaScripts } from "../dump/carry.ts";
import { fenceSite } from "../fence.ts";
import { install } from "../install.ts";
import { type Ends, type Pool, withBoth } from "../pool.ts";
import type { Progress } from "../progress.ts";
import type { Session } from "../session.ts";
import { type Sql, sql } from "../sql.ts";
import { readState, type SiteState } from "../state.ts";
import { isExcluded } from "./drift.ts";
import { captureAll, copyAll, type PrepareOptions } from "./prepare.ts";
import { type SeedOptions, seed } from "./seed.ts";
import { standing } from "./standing.ts";
import { checkServer, checkTables } from "./suitable.ts";
import { pairsOf, viewSource, viewTarget } from "./view.ts";
import { keepLost, turnAround } from "./way-back.ts";

export interface InitOptions extends PrepareOptions, SeedOptions {
  readonly service: string;
  readonly log: Log;
}

/** Brings a link to the point from which windows can be applied. Looks at what is there first, so it goes on where it was cut off. */
export async function initLink(source: Pool, target: Pool, options: InitOptions): Promise<void> {
  const both = <T>(work: (ends: Ends) => Promise<T>): Promise<T> =>
    withBoth({ source, target }, work, options.signal);
  const start = await both((ends) => begin(ends, options));
  if (start === "follows") return;
  let scripts: SchemaScripts | undefined;
  if (start.stage === "schema") {
    scripts = await both(async (ends) => {
      await carryExtensions(ends.source, ends.target);
      const schema = await dump(ends, options);
      await applySchema(ends.target, schema.before, setStage(start.source, "copy"));
      return schema;
    });
  }
  await both((ends) => copyData(ends, start.source, options));
  if (start.stage === "follow") return;
  await both(async (ends) => {
    const { after } = scripts ?? (await dump(ends, options));
    await applySchema(ends.target, after, setStage(start.source, "follow"));
  });
  await target.use(async (session) => {
    await refreshViews(session, options.log);
    // So that the first queries after a cutover are planned as well as those before it.
    await session.runLong(sql`ANALYZE`);
  }, options.signal);
}

/** Settles the roles of both ends, and what has to be done. */
async function begin(ends: Ends, options: InitOptions): Promise<Progress | "follows"> {
  await Promise.all([checkServer(ends.source), checkServer(ends.target)]);
  const { source, target } = ends;
  const [from, to] = await Promise.all([viewSource(source), viewTarget(target, options.scope)]);
  for (const note of checkTables(from.catalogue, options.scope, source.site)) options.log.warn(note);
  if (from.state === undefined && to.state?.role === "active") throw refuseActive(ends, to.state);
  const { service } = options;
  await install(source, { service, site: source.site, role: "active", epoch: to.state?.epoch ?? 0 });
  const here = await known(source);
  await install(target, { service, site: target.site, role: "standby", epoch: here.epoch });
  const [fromNow, toNow] = await Promise.all([viewSource(source), viewTarget(target, options.scope)]);
  const stands = await standing(ends, fromNow, toNow);
  if (stands.kind === "elsewhere") throw refuseActive(ends, await known(target));
  if (stands.kind === "fence-target") {
    await fenceSite(target, stands.epoch, options);
    return begin(ends, options);
  }
  if (stands.kind === "turn-around" && !options.reseed) {
    await turnAround(source, target, { source: fromNow, target: toNow }, options.scope);
    return "follows";
  }
  if (stands.kind === "follow" && !options.reseed)
    return stands.progress.stage === "follow" ? "follows" : stands.progress;
  if (stands.kind === "absent" && stands.lost !== undefined) {
    if (!options.reseed) {
      throw new RefusedError(`${stands.reason}.`, {
        code: "lost-changes",
        rule: "keep-what-was-lost",
        suggestion: "Pass --reseed: they are kept in table understudy.lost there, then its data is replaced.",
      });
    }
    const keep = await keepLost(target, fromNow.state?.promoted_with ?? "");
    return await seed(ends, { state: here, from: fromNow, to: toNow, keep }, options);
  }
  return await seed(ends, { state: here, from: fromNow, to: toNow, keep: [] }, options);
}

async function known(session: Session): Promise<SiteState> {
  const state = await readState(session);
  if (state !== undefined) return state;
  throw new UnderstudyError(`The state of ${session.site} is gone.`, { code: "no-state" });
}

function refuseActive(ends: Ends, state: SiteState): RefusedError {
  return new RefusedError(
    `${ends.target.site} is ${state.role} since epoch ${state.epoch} and ${ends.source.site} is not its source.`,
    {
      code: "wrong-direction",
      rule: "data-flows-from-the-active-site",
      suggestion: `Make the link the other way round, or drop what is left of an older one at ${ends.target.site}.`,
    },
  );
}

function setStage(source: string, stage: Progress["stage"]): Sql {
  return sql`UPDATE understudy.progress SET turn = turn + 1, stage = ${stage} WHERE source = ${source}`;
}

async function dump(ends: Ends, { scope, signal }: InitOptions): Promise<SchemaScripts> {
  // Those that are there already stay as they are.
  const { tables } = scope.exclude.length === 0 ? { tables: [] } : await readCatalogue(ends.target, true);
  const excludeTables = tables.filter((table) => isExcluded(table, scope));
  return dumpSchema(ends.source, { excludeTables, signal });
}

/** Watches the source's tables, notes where the log starts to count, and copies what has not been copied yet. */
async function copyData(ends: Ends, sourceId: string, options: InitOptions): Promise<void> {
  const look = () => Promise.all([viewSource(ends.source), viewTarget(ends.target, options.scope)]);
  const [before, empty] = await look();
  await captureAll(ends, before, empty, options);
  const start = await ends.source.cell(sql`SELECT pg_current_snapshot()`);
  await ends.target.run(
    sql`UPDATE understudy.progress SET turn = turn + 1, snapshot = ${start} WHERE source = ${sourceId} AND snapshot IS NULL`,
  );
  const [source, target] = await look();
  const progress = target.progress.find((item) => item.source === sourceId);
  if (progress === undefined) throw new UnderstudyError("The progress is gone.", { code: "no-state" });
  const pairs = pairsOf(source.catalogue, target.catalogue, options.scope);
  await copyAll(ends, pairs, target, progress, options);
}
