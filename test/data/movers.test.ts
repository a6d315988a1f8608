import { expect, it } from "vitest";
import { poolOf, withBoth } from "../../src/data/postgres/pool.ts";
import { pruneLog } from "../../src/data/postgres/trigger/log.ts";
import { createMover, type Mover } from "../../src/data/postgres/trigger/move.ts";
import { makePair, server, useServers } from "./support/pair.ts";

const servers = useServers(1);

it("a mover goes on where another one has read on, and the log was pruned behind that", async () => {
  const pair = await makePair(server(servers));
  await pair.primary.query("CREATE TABLE items (id int PRIMARY KEY, n int); INSERT INTO items VALUES (1, 0)");
  await pair.link().init({});
  const source = poolOf({ site: "primary", url: async () => pair.primary.url });
  const target = poolOf({ site: "mirror", url: async () => pair.mirror.url });
  const scope = { withoutKey: "refuse", exclude: [] } as const;
  const step = (mover: Mover) => withBoth({ source, target }, (ends) => mover.step(ends, { urgent: true }));
  const [slow, quick] = [createMover({ scope }), createMover({ scope })];
  await step(slow);
  await pair.primary.query("UPDATE items SET n = 1");
  const moved = await step(quick);
  if (moved.kind !== "moved") throw new Error(moved.kind);
  expect(moved.changes).toBeGreaterThan(0);
  await source.use((session) => pruneLog(session, moved.progress.snapshot ?? ""));
  expect((await pair.primary.query("SELECT FROM understudy.changes")).length).toBe(0);
  await pair.primary.query("UPDATE items SET n = 2");
  expect(await step(slow)).toMatchObject({ kind: "moved" });
  expect(await pair.mirror.query("SELECT n FROM items")).toEqual([{ n: "2" }]);
});
