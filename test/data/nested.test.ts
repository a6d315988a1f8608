import { expect, it, onTestFinished } from "vitest";
import { nested } from "../../src/data/postgres/nested.ts";
import { openSession } from "../../src/data/postgres/session.ts";
import { sql } from "../../src/data/postgres/sql.ts";
import { server, useServers } from "./support/pair.ts";

const servers = useServers(1);

it("makes transactions within one: each is kept or taken back by itself, and all by the whole", async () => {
  const { url } = await server(servers).createDatabase();
  const session = await openSession({ site: "here", url: async () => url });
  onTestFinished(() => session.drop());
  const rows = async () => (await session.run(sql`SELECT id FROM public.t ORDER BY id`))[0]?.flat();
  const insert = (id: number) => sql`INSERT INTO public.t VALUES (${id})`;
  await session.run(sql`CREATE TABLE public.t (id int PRIMARY KEY)`, insert(1));
  await session.run(sql`BEGIN`);
  const part = nested(session);
  // Without a transaction there is nothing to take back.
  await part.run(sql`ROLLBACK`);
  await part.run(sql`BEGIN`, insert(2), sql`COMMIT`);
  // One that fails in the middle of its only message.
  await expect(part.run(sql`BEGIN`, insert(3), insert(1), sql`COMMIT`)).rejects.toMatchObject({
    sqlstate: "23505",
  });
  await part.run(sql`ROLLBACK`);
  await part.run(sql`BEGIN`);
  await part.runLong(insert(4));
  await part.run(sql`ROLLBACK`);
  await part.run(sql`BEGIN`, insert(5));
  await part.runLong(sql`COMMIT`);
  expect(await part.cell(sql`SELECT count(*) FROM public.t`)).toBe("3");
  expect(await rows()).toEqual(["1", "2", "5"]);
  await session.run(sql`ROLLBACK`);
  expect(await rows()).toEqual(["1"]);
});
