import { z } from "zod";
import { type Session, SqlError } from "./session.ts";
import { type Sql, sql } from "./sql.ts";

const stateSchema = z.object({
  version: z.number(),
  id: z.string(),
  service: z.string(),
  site: z.string(),
  role: z.enum(["active", "fenced", "standby"]),
  epoch: z.number(),
  fenced_at: z.string().nullable(),
  promoted_at: z.string().nullable(),
  promoted_from: z.string().nullable(),
  promoted_with: z.string().nullable(),
  promoted_epoch: z.number().nullable(),
  /** What was changed before this snapshot need not be in the log any more. */
  log_from: z.string().nullable(),
});

/** What a site says of itself, in `understudy.state`. */
export type SiteState = Readonly<z.output<typeof stateSchema>>;

export const selectState: Sql = sql`SELECT row_to_json(s) FROM understudy.state AS s`;

export function parseState(cell: string | null | undefined): SiteState | undefined {
  return cell === null || cell === undefined ? undefined : stateSchema.parse(JSON.parse(cell));
}

/** Undefined where nothing of ours is installed. */
export async function readState(session: Session): Promise<SiteState | undefined> {
  return parseState(await unlessMissing(session.cell(selectState)));
}

/** Undefined when the statement failed since a table or schema of ours isn't there. */
export async function unlessMissing<T>(result: Promise<T>): Promise<T | undefined> {
  try {
    return await result;
  } catch (error) {
    if (error instanceof SqlError && /^(42P01|3F000)$/.test(error.sqlstate)) return undefined;
    throw error;
  }
}
