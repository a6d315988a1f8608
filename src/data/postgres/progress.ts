import { z } from "zod";
import type { Session } from "./session.ts";
import { type Sql, sql } from "./sql.ts";
import { unlessMissing } from "./state.ts";

/** Changes of a span of time: from and to, milliseconds since 1970, and how many. */
type Span = [number, number, number];

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
  recent: z.array(z.tuple([z.number(), z.number(), z.number()])),
  sequences: z.record(z.string(), z.string()),
  sequences_final: z.boolean(),
  drift: z.array(z.string()),
  /** Row writes that the source had counted when it was dumped. */
  writes: z.number().nullable(),
});

/** What a target has of a source, in `understudy.progress`. */
export type Progress = Readonly<z.output<typeof progressSchema>>;

function selectProgress(source: string): Sql {
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

const spanMs = 5_000;
const memoryMs = 60_000;

/** Adds what a read found to the record of the last minute. It counts from the read before, so that a backlog is no burst. */
export function countRecent(
  recent: readonly Span[],
  read: { readonly changes: number; readonly atMs: number; readonly beforeMs: number | undefined },
): Span[] {
  const { changes, atMs } = read;
  const kept = recent.filter(([, to]) => to > atMs - memoryMs);
  const last = kept.at(-1);
  if (last !== undefined && atMs - last[0] < spanMs) {
    return [...kept.slice(0, -1), [last[0], Math.max(last[1], atMs), last[2] + changes]];
  }
  return [...kept, [Math.min(read.beforeMs ?? atMs, atMs), atMs, changes]];
}

/** Changes a second in the busiest span of the last minute: what was lost since the last read is hardly more than this. */
export function rateOf(recent: readonly Span[]): number {
  return Math.max(0, ...recent.map(([from, to, changes]) => changes / Math.max(1, (to - from) / 1_000)));
}
