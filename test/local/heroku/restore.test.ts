import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { appArchive, deploy } from "./app-archive.ts";
import { apiOf, until } from "./client.ts";
import { serveHeroku } from "./serve.ts";

describe("a local Heroku that is stopped and started again", () => {
  const cleanups: (() => Promise<void>)[] = [];
  afterAll(async () => {
    for (const cleanup of cleanups.reverse()) await cleanup();
  });

  it("has all that it had, and its dynos run again", async () => {
    const folder = await mkdtemp(join(tmpdir(), "understudy-heroku-kept-"));
    cleanups.push(() => rm(folder, { recursive: true, force: true }));
    const sockets: Socket[] = [];
    let received = "";
    const drain = createServer((socket) => {
      sockets.push(socket);
      socket.on("data", (chunk) => {
        received += chunk.toString();
      });
      socket.on("error", () => {});
    });
    await new Promise<void>((resolve) => drain.listen(0, "127.0.0.1", resolve));
    cleanups.push(async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => drain.close(() => resolve()));
    });
    const address = drain.address();
    const port = typeof address === "object" ? address?.port : undefined;

    const first = await serveHeroku({ folder });
    const api = apiOf(first);
    await api("POST", "/apps", { body: { name: "kept" } });
    await deploy(api, "kept", await appArchive());
    await api("PATCH", "/apps/kept/formation/worker", { body: { quantity: 1 } });
    await api("PATCH", "/apps/kept/config-vars", { body: { COLOR: "green" } });
    await api("POST", "/apps/kept/domains", { body: { hostname: "kept.example.com", sni_endpoint: null } });
    await api("POST", "/apps/kept/addons", { body: { plan: "heroku-postgresql:essential-0" } });
    await api("POST", "/apps/kept/log-drains", { body: { url: `syslog://127.0.0.1:${port}` } });
    await until(async () => (await api("GET", "/apps/kept/config-vars")).body.DATABASE_URL !== undefined);
    await api("PATCH", "/apps/kept", { body: { maintenance: true } });
    const { body: before } = await api("GET", "/apps/kept");
    await first.close();

    const second = await serveHeroku({ folder });
    cleanups.push(() => second.close());
    const again = apiOf(second);
    const { body: after } = await again("GET", "/apps/kept");
    expect(after).toMatchObject({ id: before.id, maintenance: true });
    await until(async () => {
      const { body } = await again("GET", "/apps/kept/dynos");
      return (
        body
          .map(({ name, state }) => `${name} ${state}`)
          .sort()
          .join() === "web.1 up,worker.1 up"
      );
    });
    expect((await again("GET", "/apps/kept/config-vars")).body).toMatchObject({
      COLOR: "green",
      DATABASE_URL: expect.stringMatching(/^postgres:/),
    });
    const { body: domains } = await again("GET", "/apps/kept/domains");
    expect(domains.map(({ hostname }) => hostname)).toContain("kept.example.com");
    received = "";
    await again("DELETE", "/apps/kept/dynos/worker.1");
    await until(async () => received.includes("worker.1"));
  });
});
