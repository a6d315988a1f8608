import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type App, type AppInput, appSchema } from "../../src/app/schema.ts";
import { run } from "../../src/base/run.ts";
import type { SiteSpec } from "../../src/platform/contract.ts";

/** A small app without dependencies: web, worker, release. */
const files: Readonly<Record<string, string>> = {
  "package.json": `{"name": "sample", "version": "1.0.0", "private": true, "scripts": {"start": "node web.js"}}\n`,
  Procfile: "web: node web.js\nworker: node worker.js\nrelease: node release.js\n",
  "web.js": `
const http = require("node:http");
const instance = require("node:crypto").randomUUID();
const server = http.createServer((request, response) => {
  const body = {
    path: request.url,
    host: request.headers.host,
    color: process.env.COLOR ?? null,
    token: process.env.SAMPLE_TOKEN ?? null,
    database: (process.env.DATABASE_URL ?? "").split(":")[0],
    cache: (process.env.CACHE_URL ?? "").split(":")[0],
    instance,
  };
  console.log("answering " + request.url);
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify(body));
});
server.listen(Number(process.env.PORT), process.env.HOST);
process.on("SIGTERM", () => process.exit(0));
`,
  "worker.js": `
console.log("worker started");
setInterval(() => {}, 1000);
process.on("SIGTERM", () => process.exit(0));
`,
  "release.js": `console.log("release phase ran with " + process.env.COLOR);\n`,
};

/** Source archives for tests, in a temporary folder of their own. */
export interface SampleArchives {
  /** As src/site makes it: a gzip'd tar with the files at its root. */
  readonly good: Archive;
  /** Its dependencies can't be installed. */
  readonly broken: Archive;
  remove(): Promise<void>;
}

export type Archive = NonNullable<SiteSpec["archive"]>;

async function pack(
  folder: string,
  name: string,
  content: Readonly<Record<string, string>>,
): Promise<Archive> {
  const source = join(folder, name);
  for (const [path, text] of Object.entries(content)) {
    await mkdir(dirname(join(source, path)), { recursive: true });
    await writeFile(join(source, path), text);
  }
  const path = join(folder, `${name}.tgz`);
  const names = Object.keys(content).sort();
  await run("tar", [
    "--mtime=@0",
    "--owner=0",
    "--group=0",
    "--numeric-owner",
    "-czf",
    path,
    "-C",
    source,
    ...names,
  ]);
  const sha256 = createHash("sha256")
    .update(await readFile(path))
    .digest("hex");
  return { path, sha256 };
}

const missing = { version: "1.0.0", resolved: "file:missing.tgz", integrity: "sha512-AAAA" };
const unbuildable = {
  ...files,
  "package.json": JSON.stringify({
    name: "sample",
    version: "1.0.0",
    dependencies: { missing: "file:missing.tgz" },
  }),
  "package-lock.json": JSON.stringify({
    name: "sample",
    version: "1.0.0",
    lockfileVersion: 3,
    packages: {
      "": { name: "sample", version: "1.0.0", dependencies: { missing: "file:missing.tgz" } },
      "node_modules/missing": missing,
    },
  }),
};

export async function sampleArchives(): Promise<SampleArchives> {
  const folder = await mkdtemp(join(tmpdir(), "understudy-sample-"));
  const good = await pack(folder, "good", files);
  const broken = await pack(folder, "broken", unbuildable);
  return { good, broken, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** The sample's description; `changes` are merged at the top. */
export function sampleApp(name: string, changes: Partial<AppInput> = {}): App {
  return appSchema.parse({
    name,
    processes: {
      web: { command: "node web.js", http: { health: { path: "/health" } } },
      worker: { command: "node worker.js" },
    },
    release: { command: "node release.js" },
    services: {
      database: { type: "postgres", env: ["DATABASE_URL"] },
      cache: { type: "redis" },
    },
    config: { COLOR: "green" },
    secrets: { SAMPLE_TOKEN: {} },
    domains: [`${name}.example.com`],
    ...changes,
  });
}

/** Values of the sample's secrets. */
export const sampleSecrets: Readonly<Record<string, string>> = { SAMPLE_TOKEN: "canary-3f1b" };
