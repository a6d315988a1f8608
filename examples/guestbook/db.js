import pg from "pg";

/** Few connections: small database plans allow 20 in all, and a release runs beside the old one for a while. */
export const pool = new pg.Pool({
  connectionString: process.env.DATABASE_URL,
  max: 4,
  connectionTimeoutMillis: 3_000,
  query_timeout: 5_000,
  idleTimeoutMillis: 10_000,
});

// A database restart breaks idle connections; the pool makes new ones, so this must not end the process.
pool.on("error", (error) => console.error(`database connection lost: ${error.message}`));

/** The database didn't do as asked: away, restarting, read-only. The same request may succeed later. */
export class DatabaseError extends Error {}

/** One statement, in a transaction of its own. A connection whose statement failed is not used again. */
export async function query(text, values) {
  try {
    return (await pool.query(text, values)).rows;
  } catch (error) {
    throw new DatabaseError(error.message, { cause: error });
  }
}
