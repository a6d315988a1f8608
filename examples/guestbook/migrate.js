import { pool } from "./db.js";

/** In order, each once; never edit one that was released. */
const migrations = [
  `CREATE TABLE entries (
     id uuid PRIMARY KEY,
     number bigserial UNIQUE,
     author text NOT NULL,
     text text NOT NULL,
     written_at timestamptz NOT NULL DEFAULT now()
   );
   CREATE INDEX entries_by_time ON entries (written_at DESC)`,
  `ALTER TABLE entries ADD COLUMN words integer, ADD COLUMN hidden boolean, ADD COLUMN moderated_at timestamptz;
   CREATE INDEX entries_to_moderate ON entries (written_at) WHERE moderated_at IS NULL`,
  `CREATE TABLE digests (
     day date PRIMARY KEY,
     entries integer NOT NULL,
     authors integer NOT NULL,
     words integer NOT NULL
   )`,
];

const client = await pool.connect();
try {
  await client.query("BEGIN");
  // Two releases at once must not both migrate.
  await client.query("SELECT pg_advisory_xact_lock(20250610)");
  await client.query(`CREATE TABLE IF NOT EXISTS migrations (
    version integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())`);
  const { rows } = await client.query("SELECT coalesce(max(version), 0) AS version FROM migrations");
  for (let version = rows[0].version + 1; version <= migrations.length; version++) {
    await client.query(migrations[version - 1]);
    await client.query("INSERT INTO migrations (version) VALUES ($1)", [version]);
    console.log(`migrated to version ${version}`);
  }
  await client.query("COMMIT");
  console.log(`database is at version ${migrations.length}`);
} finally {
  client.release(true);
  await pool.end();
}
