import { InputError, RefusedError, UnsupportedError } from "../../../base/errors.ts";
import type { Problem } from "../../../base/problem.ts";
import { type Catalogue, nameOf } from "../catalogue.ts";
import type { Session } from "../session.ts";
import { sql } from "../sql.ts";
import { isExcluded, keyless, type Scope } from "./drift.ts";

/** The first version whose transaction ids don't wrap around in a snapshot (xid8). */
const oldest = 13;

/** Throws when a database can't be an end of a trigger link at all. */
export async function checkServer(session: Session): Promise<void> {
  const [rows] = await session.run(
    sql`SELECT current_setting('server_version_num'), current_setting('server_encoding'), pg_is_in_recovery()`,
  );
  const [version, encoding, recovering] = rows?.[0] ?? [];
  if (Math.floor(Number(version) / 10_000) < oldest) {
    throw new UnsupportedError(`The database of ${session.site} is of a Postgres older than ${oldest}.`, {
      code: "postgres-too-old",
      suggestion: 'Upgrade it, or use link mode "snapshot".',
    });
  }
  if (encoding === "SQL_ASCII") {
    throw new UnsupportedError(
      `The database of ${session.site} has no encoding (SQL_ASCII): its texts may be any bytes.`,
      {
        code: "no-encoding",
        suggestion: 'Use link mode "snapshot", or move its data to a database with encoding UTF8.',
      },
    );
  }
  if (recovering === "t") {
    throw new UnsupportedError(`The database of ${session.site} is a read-only replica of another.`, {
      code: "read-only-replica",
      suggestion: "Name the URL of its leader.",
    });
  }
}

/** Throws with every table that can't be carried, and why. Gives notes on those that are skipped. */
export function checkTables(catalogue: Catalogue, scope: Scope, site: string): readonly string[] {
  const problems = catalogue.tables
    .filter((table) => !isExcluded(table, scope))
    .flatMap((table): readonly Problem[] => {
      if (!table.owned) {
        const message = `Table ${nameOf(table)} of ${site} belongs to another role, so no trigger can be put on it.`;
        return [
          { code: "not-owner", message, suggestion: "Connect as its owner, or list it under link.exclude." },
        ];
      }
      if (!table.hidden) return [];
      const message = `Table ${nameOf(table)} of ${site} has policies that hide rows from its owner too.`;
      const suggestion = "Use ALTER TABLE ... NO FORCE ROW LEVEL SECURITY, or list it under link.exclude.";
      return [{ code: "forced-policies", message, suggestion }];
    });
  if (problems.length > 0) throw new InputError(problems);
  const without = keyless(catalogue, scope).map(nameOf);
  if (without.length === 0) return [];
  if (scope.withoutKey === "skip")
    return without.map((table) => `${table} has no primary key and is not carried`);
  throw new RefusedError(
    `Tables of ${site} have no primary key, so that their rows can't be told apart: ${without.join(", ")}.`,
    {
      code: "table-without-key",
      rule: "every-table-has-a-key",
      suggestion: 'Give them one, list them under link.exclude, or set link.withoutKey to "skip".',
    },
  );
}
