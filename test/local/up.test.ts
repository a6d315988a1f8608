import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Client } from "pg";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { killProvider, rotateDatabase, setFault, startProvider } from "../../src/local/control.ts";
import { stopLocal } from "../../src/local/down.ts";
import type { LocalInfo } from "../../src/local/info.ts";
import { layout } from "../../src/local/layout.ts";
import { localStatus } from "../../src/local/status.ts";
import { startLocal } from "../../src/local/up.ts";
import { temporaryFolder } from "../support/folder.ts";
import { eventually, processesNaming, runs } from "../support/process.ts";

let folder: string;
let info: LocalInfo;
const made: string[] = [];

/** A folder for local platforms, which are ended after all tests whatever came of them. */
async function newFolder(): Promise<string> {
  const path = join(await temporaryFolder(), "local");
  made.push(path);
  return path;
}

beforeAll(async () => {
  folder = join(await mkdtemp(join(tmpdir(), "understudy-test-")), "local");
  made.push(folder);
  info = await startLocal({ folder });
});
afterAll(async () => {
  for (const path of made) await stopLocal(path);
  await rm(dirname(folder), { recursive: true });
});

async function herokuApps(): Promise<number> {
  const headers = {
    Accept: "application/vnd.heroku+json; version=3",
    Authorization: `Bearer ${info.heroku.token}`,
  };
  return (await fetch(`${info.heroku.url}/apps`, { headers })).status;
}

test("all parts answer, each at its own address", async () => {
  expect(await herokuApps()).toBe(200);
  expect((await fetch(info.cloudfoundry.url)).status).toBe(200);
  expect(info.heroku.router.port).toBe(info.cloudfoundry.router.port);
  expect(info.heroku.router.address).not.toBe(info.cloudfoundry.router.address);
  for (const { router } of [info.heroku, info.cloudfoundry]) {
    expect((await fetch(`http://${router.address}:${router.port}/`)).status).toBe(404);
  }
});

test("what they tell is for their owner only", async () => {
  expect(JSON.parse(await readFile(layout.info(folder), "utf8"))).toEqual(info);
  const secretFiles = [
    layout.info(folder),
    ...(["heroku", "cloudfoundry", "dns"] as const).map((part) => layout.config(folder, part)),
  ];
  for (const path of secretFiles) expect((await stat(path)).mode & 0o077).toBe(0);
  const secrets = [info.heroku.token, info.cloudfoundry.password, info.dns.key.secret];
  for (const secret of secrets) expect(await processesNaming(secret)).toEqual([]);
});

test("a second start changes nothing", async () => {
  expect(await startLocal({ folder })).toEqual(info);
  await expect(startLocal({ folder, port: 1 })).rejects.toMatchObject({ code: "port-fixed" });
});

test("two starts at once: one is told to wait", async () => {
  const results = await Promise.allSettled([startLocal({ folder }), startLocal({ folder })]);
  const refused = results.filter((result) => result.status === "rejected");
  for (const { reason } of refused) expect(reason).toMatchObject({ code: "locked" });
  expect(results.some((result) => result.status === "fulfilled")).toBe(true);
});

test("faults reach the API and the router of one provider only", async () => {
  expect(await setFault(folder, "heroku", { down: ["control"] })).toMatchObject({ down: ["control"] });
  await expect(herokuApps()).rejects.toThrow();
  const { router } = info.heroku;
  expect((await fetch(`http://${router.address}:${router.port}/`)).status).toBe(404);
  await setFault(folder, "heroku", { down: ["all"] });
  await expect(fetch(`http://${router.address}:${router.port}/`)).rejects.toThrow();
  expect((await fetch(info.cloudfoundry.url)).status).toBe(200);
  await setFault(folder, "heroku", { down: [], errorRate: 1 });
  expect(await herokuApps()).toBe(503);
  await setFault(folder, "heroku", { errorRate: 0 });
  expect(await herokuApps()).toBe(200);
  await expect(setFault(folder, "heroku", { errorRate: 7 })).rejects.toMatchObject({ code: "bad-fault" });
});

async function heroku(method: string, path: string, body: object = {}): Promise<Record<string, string>> {
  const response = await fetch(`${info.heroku.url}${path}`, {
    method,
    headers: {
      Accept: "application/vnd.heroku+json; version=3",
      Authorization: `Bearer ${info.heroku.token}`,
      "Content-Type": "application/json",
    },
    ...(method === "GET" ? {} : { body: JSON.stringify(body) }),
  });
  return (await response.json()) as Record<string, string>;
}

/** Makes an app with a database on the local Heroku, and gives the database's URL once it is there. */
async function databaseOf(app: string): Promise<string> {
  await heroku("POST", "/apps", { name: app });
  await heroku("POST", `/apps/${app}/addons`, { plan: "heroku-postgresql:essential-0" });
  let url: string | undefined;
  await eventually("the app has its database", async () => {
    url = (await heroku("GET", `/apps/${app}/config-vars`)).DATABASE_URL;
    return url !== undefined;
  });
  return url ?? "";
}

async function query(url: string, statement: string): Promise<readonly unknown[]> {
  const client = new Client({ connectionString: url });
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query(statement)).rows;
  } finally {
    await client.end();
  }
}

test("a killed provider is gone with its databases, and comes back with their content", async () => {
  const url = await databaseOf("lasting");
  await query(url, "CREATE TABLE t AS SELECT 7 AS id");
  await killProvider(folder, "heroku");
  expect(await runs(info.heroku.pid)).toBe(false);
  expect(await processesNaming(layout.part(folder, "heroku"))).toEqual([]);
  await expect(herokuApps()).rejects.toThrow();
  await expect(query(url, "SELECT 1")).rejects.toMatchObject({ code: "ECONNREFUSED" });
  const lost = await localStatus(folder);
  expect(lost.parts.map(({ part, isRunning }) => [part, isRunning])).toEqual([
    ["heroku", false],
    ["cloudfoundry", true],
    ["dns", true],
  ]);
  await expect(setFault(folder, "heroku", { slowMs: 1 })).rejects.toMatchObject({ code: "provider-lost" });
  await killProvider(folder, "heroku");
  const back = await startProvider(folder, "heroku");
  expect(back).toEqual({ ...info, heroku: { ...info.heroku, pid: back.heroku.pid } });
  info = back;
  expect(await query(url, "SELECT id FROM t")).toEqual([{ id: 7 }]);
});

test("rotated credentials reach the app's config, and the old ones are void", async () => {
  const before = await databaseOf("rotating");
  const [addon] = (await heroku("GET", "/apps/rotating/addons")) as unknown as readonly {
    readonly name: string;
  }[];
  await rotateDatabase(folder, addon?.name ?? "");
  const after = await databaseOf("rotating");
  expect(after).not.toBe(before);
  await expect(query(before, "SELECT 1")).rejects.toMatchObject({ code: "28P01" });
  expect(await query(after, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
  await expect(rotateDatabase(folder, "no-such-addon")).rejects.toMatchObject({ code: "unknown-database" });
});

test("down leaves no process and no file", async () => {
  const pids = [info.heroku.pid, info.cloudfoundry.pid, info.dns.pid];
  expect(await stopLocal(folder)).toBe(true);
  for (const pid of pids) expect(await runs(pid)).toBe(false);
  expect(await processesNaming(folder)).toEqual([]);
  await expect(stat(folder)).rejects.toMatchObject({ code: "ENOENT" });
  expect(await stopLocal(folder)).toBe(false);
  await expect(localStatus(folder)).rejects.toMatchObject({ code: "not-up" });
});

test("a port in use is named, and nothing stays behind", async () => {
  const server = createServer().listen(0, "127.0.20.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const path = await newFolder();
  const failure = startLocal({ folder: path, port });
  await expect(failure).rejects.toMatchObject({ code: "port-in-use" });
  await expect(failure).rejects.toThrow(`Port ${port} of 127.0.20.1 is in use`);
  await expect(stat(path)).rejects.toMatchObject({ code: "ENOENT" });
  expect(await processesNaming(path)).toEqual([]);
});

test("a start that is broken off leaves nothing", async () => {
  const path = await newFolder();
  await expect(startLocal({ folder: path, signal: AbortSignal.abort() })).rejects.toMatchObject({
    code: "interrupted",
  });
  await expect(stat(path)).rejects.toMatchObject({ code: "ENOENT" });
  expect(await processesNaming(path)).toEqual([]);
});

test("a folder with other files is not touched", async () => {
  const path = await temporaryFolder();
  await mkdir(join(path, "photos"));
  await writeFile(join(path, "diary.txt"), "dear");
  await expect(startLocal({ folder: path })).rejects.toMatchObject({ code: "folder-in-use" });
  expect(await stopLocal(path)).toBe(false);
  expect((await readdir(path)).sort()).toEqual(["diary.txt", "photos"]);
});

test("a damaged file is named, and down still works", async () => {
  const path = await newFolder();
  await startLocal({ folder: path });
  await writeFile(layout.info(path), '{"version":');
  await expect(localStatus(path)).rejects.toMatchObject({ code: "damaged-file", path: layout.info(path) });
  await writeFile(layout.config(path, "heroku"), "{");
  await expect(startLocal({ folder: path })).rejects.toMatchObject({ code: "damaged-file" });
  expect(await stopLocal(path)).toBe(true);
  expect(await processesNaming(path)).toEqual([]);
});
