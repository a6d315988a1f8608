import { setTimeout as delay } from "node:timers/promises";
import { pool, query } from "./db.js";

const stop = new AbortController();
process.once("SIGTERM", () => stop.abort());
process.once("SIGINT", () => stop.abort());

/** Counts the words of some new entries and hides spam. Several workers never take the same entry. */
async function moderate() {
  const done = await query(`
    UPDATE entries SET
      words = cardinality(regexp_split_to_array(btrim(text), '\\s+')),
      hidden = text ~* '\\m(casino|viagra|free money)\\M',
      moderated_at = now()
    WHERE id IN (
      SELECT id FROM entries WHERE moderated_at IS NULL
      ORDER BY written_at LIMIT 50 FOR UPDATE SKIP LOCKED)
    RETURNING id`);
  return done.length;
}

console.log("worker started");
while (!stop.signal.aborted) {
  const done = await moderate().catch((error) => {
    console.error(`could not moderate: ${error.message}`);
    return 0;
  });
  if (done === 0) await delay(1_000, undefined, { signal: stop.signal }).catch(() => {});
}
await pool.end();
console.log("worker stopped");
