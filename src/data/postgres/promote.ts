import { RefusedError, UnderstudyError } from "../../base/errors.ts";
import type { Promotion } from "../contract.ts";
import { staleEpoch } from "./fence.ts";
import { expectGate, openGate } from "./gate.ts";
import { raised } from "./install.ts";
import { readProgressOf } from "./progress.ts";
import { type Carried, nextValues } from "./sequences.ts";
import { type Session, SqlError } from "./session.ts";
import { sql } from "./sql.ts";
import { readState } from "./state.ts";

function refuse(site: string, reason: string, suggestion: string): RefusedError {
  return new RefusedError(`${site} can't be promoted: ${reason}.`, {
    code: "not-promotable",
    rule: "promote-only-what-is-whole",
    suggestion,
  });
}

/**
 * See {@link Link.promote}. `source` is the site that it followed. With `begun` the session has a transaction open, which
 * becomes part of the promotion and ends with it.
 */
export async function promoteSite(
  session: Session,
  source: string,
  epoch: number,
  { begun = false } = {},
): Promise<Promotion> {
  const [state, progress] = [await readState(session), await readProgressOf(session, source)];
  if (state === undefined) {
    throw new UnderstudyError(`Nothing of Understudy is installed in the database of ${session.site}.`, {
      code: "link-absent",
      suggestion: 'Run "understudy link init" first.',
    });
  }
  if (state.epoch > epoch) throw staleEpoch(session.site, state.epoch, epoch);
  if (state.role === "active") {
    if (state.epoch !== epoch)
      throw refuse(session.site, `it is active since epoch ${state.epoch}`, "Nothing needs to be promoted.");
    // A run before this one got this far; what it may have left undone is done again.
    await session.run(openGate);
    return { sequences: {}, notes: [`${session.site} had been promoted under epoch ${epoch} already.`] };
  }
  if (state.role === "fenced")
    throw refuse(session.site, "it was fenced and follows nobody", "Unfence it instead.");
  if (progress === undefined || !progress.complete) {
    throw refuse(session.site, "its copy of the data is not whole", 'Let "understudy link init" finish.');
  }
  const carried: Carried = { values: progress.sequences, final: progress.sequences_final };
  const next = nextValues(carried, await readOwn(session));
  try {
    const [, , promoted] = await session.run(
      begun ? sql`SELECT` : sql`BEGIN`,
      sql`SET LOCAL lock_timeout = '5s'`,
      sql`SELECT array_to_json(understudy.promote(${progress.source}, ${epoch}, ${JSON.stringify(next.values)}::jsonb))`,
      expectGate,
      sql`COMMIT`,
      openGate,
    );
    const notes = JSON.parse(promoted?.[0]?.[0] ?? "[]") as readonly string[];
    return { sequences: next.values, notes: [...next.notes, ...notes] };
  } catch (error) {
    if (error instanceof SqlError && error.sqlstate === raised.stale)
      throw staleEpoch(session.site, state.epoch, epoch);
    throw error;
  }
}

async function readOwn(session: Session): Promise<Parameters<typeof nextValues>[1]> {
  const text = await session.cell(sql`
    SELECT coalesce(json_object_agg(format('%I.%I', schemaname, sequencename), json_build_object(
      'last', last_value::text, 'increment', increment_by::text, 'min', min_value::text, 'max', max_value::text)), '{}')
    FROM pg_sequences WHERE schemaname <> 'understudy'`);
  return JSON.parse(text ?? "{}");
}
