import { afterEach, expect, test } from "vitest";
import { reconcile } from "../../src/drill/reconcile.ts";
import type { RequestRecord } from "../../src/drill/request.ts";
import { guestbookScript } from "../../src/drill/script.ts";
import { startSite, type TestSite } from "./world.ts";

let site: TestSite | undefined;
afterEach(() => site?.close());

const writes = (count: number): readonly RequestRecord[] =>
  Array.from({ length: count }, (_, index) => ({
    at: index,
    kind: "write",
    ok: true,
    outcome: "201",
    latencyMs: 1,
    address: "127.0.0.1",
    id: `id-${index}`,
  }));

function ask(count: number, to: TestSite) {
  return reconcile(writes(count), {
    script: guestbookScript,
    site: { address: to.address, port: to.port, host: "book.example.test" },
    attempts: 3,
    retryMs: 5,
  });
}

test("a write is present or lost, by the app's own word", async () => {
  site = await startSite("127.0.0.25");
  for (let index = 0; index < 40; index += 2) site.entries.add(`id-${index}`);
  const found = await ask(40, site);
  expect(found).toMatchObject({ present: 20, unexplained: [] });
  expect(found.lost.map((write) => write.id).toSorted()).toEqual(
    writes(40)
      .filter((_, index) => index % 2 === 1)
      .map((write) => write.id)
      .toSorted(),
  );
});

test("a site that fails now and then is asked again", async () => {
  site = await startSite("127.0.0.25");
  for (const { id } of writes(10)) site.entries.add(id ?? "");
  let asked = 0;
  site.behaviour = (_, response) => {
    if (asked++ % 2 === 1) return false;
    response.writeHead(503).end();
    return true;
  };
  expect(await ask(1, site)).toEqual({ present: 1, lost: [], unexplained: [] });
});

test("whatever is not the app's own word leaves a write unexplained", async () => {
  site = await startSite("127.0.0.25");
  const says = async (status: number, body: string) => {
    if (site === undefined) throw new Error("no site");
    site.behaviour = (_, response) => response.writeHead(status).end(body) !== undefined;
    return (await ask(1, site)).unexplained.map((item) => item.reason);
  };
  expect(await says(503, "maintenance")).toEqual(["answered 503"]);
  expect(await says(404, "404 Not Found: Requested route does not exist.")).toEqual(["answered 404"]);
  expect(await says(200, "a page about something else")).toEqual(["answered 200"]);
  await site.close();
  const refused = await ask(2, site);
  expect(refused).toMatchObject({ present: 0, lost: [] });
  expect(refused.unexplained.map((item) => item.reason)).toEqual([
    expect.stringContaining("ECONNREFUSED"),
    expect.stringContaining("ECONNREFUSED"),
  ]);
});
