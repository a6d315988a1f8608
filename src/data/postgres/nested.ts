import type { Rows, Session } from "./session.ts";
import { type Sql, sql } from "./sql.ts";

const begin = sql`SAVEPOINT understudy_part`;
const commit = sql`RELEASE SAVEPOINT understudy_part`;
const rollback = sql`ROLLBACK TO SAVEPOINT understudy_part`;
const nothing = sql`SELECT`;

/**
 * A session whose transactions are parts of the one that is open on it: each BEGIN sets a savepoint. So what is written for
 * a session of its own can be done under locks that another holds, and all of it counts or nothing.
 */
export function nested(session: Session): Session {
  let isOpen = false;
  const inside =
    (send: Session["run"]) =>
    async (...statements: readonly Sql[]): Promise<readonly Rows[]> => {
      let open = isOpen;
      const parts = statements.map((statement) => {
        const was = open;
        if (statement.text === "BEGIN") {
          open = true;
          // Also when the rest fails: then its end is not reached.
          isOpen = true;
          return begin;
        }
        if (statement.text !== "COMMIT" && statement.text !== "ROLLBACK") return statement;
        open = false;
        if (!was) return nothing;
        return statement.text === "COMMIT" ? commit : rollback;
      });
      const results = await send(...parts);
      isOpen = open;
      return results;
    };
  const run = inside(session.run);
  return {
    ...session,
    run,
    runLong: inside(session.runLong),
    cell: async (statement) => (await run(statement))[0]?.[0]?.[0] ?? null,
    get closed() {
      return session.closed;
    },
  };
}
