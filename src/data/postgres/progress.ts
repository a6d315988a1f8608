import { z } from "zod";
import type { Session } from "./session.ts";
import { type Sql, sql } from "./sql.ts";
import { unlessMissing } from "./state.ts";

/** Changes that were read in one span of 5 s: [start, seconds since 1970; how many]. */
type Bucket = readonly [number, number];

const progressSchema = z.object({
  source: z.string(),
  site: z.string(),
  server: z.string().nullable(),
  turn: z.number(),
  /** `schema`: tables are being made; `copy`: rows are being copied; `follow`: indexes and triggers stand. */
  stage: z.enum(["schema", "copy", "follow"]),
  snapshot: z.string().nullable(),
  copied_at: z.string().nullable(),
  complete: z.boolean(),
  read_at: z.string().nullable(),
  recent: z.array(z.tuple([z.number(), z.number()])),
  sequences: z.record(z.string(), z.string()),
  sequences_final: z.boolean(),
  drift: z.array(z.string()),
  /** Row writes that the source had counted when it was dumped. */
  writes: z.number().nullable(),
});

/** What a target has of a source, in `understudy.progress`. */
export type Progress = Readonly<z.output<typeof progressSchema>>;

export function selectProgress(source: string): Sql {
  return sql`SELECT row_to_json(p) FROM understudy.progress AS p WHERE source = ${source}`;
}

export function parseProgress(cell: string | null | undefined): Progress | undefined {
  return cell === null || cell === undefined ? undefined : progressSchema.parse(JSON.parse(cell));
}

export async function readProgress(session: Session, source: string): Promise<Progress | undefined> {
  return parseProgress(await unlessMissing(session.cell(selectProgress(source))));
}

/** The progress whatever the source: what a target can say of itself when the source can't be asked for its id. */
export async function readProgressOf(session: Session, site: string): Promise<Progress | undefined> {
  const statement = sql`SELECT row_to_json(p) FROM understudy.progress AS p WHERE site = ${site}`;
  return parseProgress(await unlessMissing(session.cell(statement)));
}

const bucketSeconds = 5;
const windowSeconds = 60;

/** Adds to the record of the last minute. */
export function countRecent(recent: readonly Bucket[], changes: number, nowMs: number): readonly Bucket[] {
  const now = Math.floor(nowMs / 1000);
  const start = now - (now % bucketSeconds);
  const kept = recent.filter(([at]) => at > now - windowSeconds - bucketSeconds && at !== start);
  const present = recent.find(([at]) => at === start)?.[1] ?? 0;
  return [...kept, [start, present + changes]];
}

/** Changes a second over the minute before the last read. */
export function rateOf(recent: readonly Bucket[], lastReadMs: number): number {
  const now = Math.floor(lastReadMs / 1000);
  const within = recent.filter(([at]) => at > now - windowSeconds);
  const oldest = Math.min(...within.map(([at]) => at));
  const span = Math.max(bucketSeconds, Math.min(windowSeconds, now - oldest + 1));
  return within.reduce((sum, [, changes]) => sum + changes, 0) / span;
}
