import { pool, query } from "./db.js";

/** Run daily by a scheduler: one row for the day before; running it twice does no harm. */
const [digest] = await query(`
  INSERT INTO digests (day, entries, authors, words)
  SELECT current_date - 1, count(*), count(DISTINCT author), coalesce(sum(words), 0)
  FROM entries WHERE written_at >= current_date - 1 AND written_at < current_date
  ON CONFLICT (day) DO UPDATE SET
    entries = excluded.entries, authors = excluded.authors, words = excluded.words
  RETURNING to_char(day, 'YYYY-MM-DD') AS day, entries, authors, words`);
console.log(`${digest.day}: ${digest.entries} entries by ${digest.authors} authors, ${digest.words} words`);
await pool.end();
