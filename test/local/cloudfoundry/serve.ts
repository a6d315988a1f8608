import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serve } from "@hono/node-server";
import { type FaceTuning, openFace } from "../../../src/local/cloudfoundry/face.ts";
import { flavour } from "../../../src/local/cloudfoundry/flavour.ts";
import type { Runtime } from "../../../src/local/runtime/contract.ts";
import { removePostgresFiles } from "../../../src/local/runtime/postgres-files.ts";
import { createRuntime } from "../../../src/local/runtime/runtime.ts";

/** A local Cloud Foundry, served over HTTP in this process. */
export interface ServedCloudFoundry {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly appsDomain: string;
  readonly runtime: Runtime;
  /** Ends everything; the folder goes too unless it was given. */
  close(): Promise<void>;
}

interface ServeOptions {
  /** Kept, so that another can be opened on it. @default a new temporary one */
  readonly folder?: string;
  readonly tuning?: FaceTuning;
}

const credentials = { username: "dev@example.com", secret: "a-password-for-tests" };
const appsDomain = "apps.test";

export async function serveCloudFoundry(options: ServeOptions = {}): Promise<ServedCloudFoundry> {
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), "understudy-cf-")));
  let answer = (_request: Request): Response | Promise<Response> => new Response(null, { status: 503 });
  // Listening comes first: the face puts its own address into what it answers.
  const server = serve({
    fetch: (request) => answer(request),
    port: 0,
    hostname: "127.0.0.1",
    // As the providers have it: a client that stood still for seconds still finds its idle connection open.
    serverOptions: { keepAliveTimeout: 90_000 },
  });
  await new Promise<void>((resolve) => server.once("listening", () => resolve()));
  const url = `http://localhost:${(server.address() as AddressInfo).port}`;
  const faceOptions = { url, dnsZone: appsDomain, credentials };
  const place = { address: "127.0.0.1", routerPort: 0, options: faceOptions };
  const runtime = await createRuntime({ folder, flavour: flavour(place) });
  const face = await openFace(runtime, faceOptions, options.tuning);
  answer = (request) => face.fetch(request);
  return {
    url,
    username: credentials.username,
    password: credentials.secret,
    appsDomain,
    runtime,
    close: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        if ("closeAllConnections" in server) server.closeAllConnections();
      });
      await face.close();
      await runtime.close();
      if (options.folder !== undefined) return;
      await removePostgresFiles(folder);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
