import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { buffer } from "node:stream/consumers";
import { create } from "tar";
import { onTestFinished } from "vitest";
import type { RuntimeFlavour } from "../../src/local/runtime/contract.ts";
import { removePostgresFiles } from "../../src/local/runtime/postgres-files.ts";
import { createRuntime, type OwnRuntime } from "../../src/local/runtime/runtime.ts";

export const testFlavour: RuntimeFlavour = {
  address: "127.0.0.1",
  routerPort: 0,
  instanceEnv: ({ type, index }) => ({ DYNO: `${type}.${index + 1}` }),
  stopGraceMs: 2_000,
  sourceName: (type, index) => `app[${type}.${index + 1}]`,
  via: "1.1 test",
  firstByteMs: 30_000,
  errorPage: (kind, host) => ({
    status: kind === "unknown-host" ? 404 : 503,
    headers: { "Content-Type": "text/plain", "X-Error": kind },
    body: `${kind} at ${host}`,
  }),
  accessLine: (request) => `${request.method} ${request.path} ${request.status} ${request.error ?? "ok"}`,
};

export interface TestRuntime {
  readonly runtime: OwnRuntime;
  /** Ends it and removes what it kept. */
  close(): Promise<void>;
}

/** A running runtime in a folder of its own, for a whole suite. */
export async function openRuntime(flavour: Partial<RuntimeFlavour> = {}): Promise<TestRuntime> {
  const folder = await mkdtemp(join(tmpdir(), "understudy-test-"));
  const runtime = await createRuntime({ folder, flavour: { ...testFlavour, ...flavour } });
  return {
    runtime,
    close: async () => {
      await runtime.close();
      await removePostgresFiles(folder);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** {@link openRuntime} for one test: it is gone after it. */
export async function makeRuntime(flavour: Partial<RuntimeFlavour> = {}): Promise<OwnRuntime> {
  const { runtime, close } = await openRuntime(flavour);
  onTestFinished(close);
  return runtime;
}

/** A gzip'd tar of some files, by path. */
export async function archiveOf(files: Readonly<Record<string, string | Uint8Array>>): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), "understudy-test-"));
  try {
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), content);
    }
    const packed = create({ cwd: folder, gzip: true, portable: true }, Object.keys(files));
    return await buffer(packed as unknown as NodeJS.ReadableStream);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** An app without dependencies: answers every request with its process, and says what happens to it. */
export const helloApp = {
  Procfile: "web: node web.js\nworker: node worker.js\n",
  "web.js": `
const http = require("node:http");
const server = http.createServer((request, response) => {
  if (request.url === "/exit") process.exit(3);
  response.end(JSON.stringify({ greeting: process.env.GREETING, dyno: process.env.DYNO, pid: process.pid, headers: request.headers }));
});
server.listen(process.env.PORT, process.env.HOST, () => console.log("listening"));
process.on("SIGTERM", () => server.close(() => process.exit(0)));
`,
  "worker.js": 'console.log("working"); setInterval(() => {}, 1000);',
} as const;
