import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serve } from "@hono/node-server";
import { openHeroku } from "../../../src/local/heroku/face.ts";
import { flavour } from "../../../src/local/heroku/flavour.ts";
import type { RateLimit } from "../../../src/local/heroku/http/rate-limit.ts";
import type { Runtime } from "../../../src/local/runtime/contract.ts";
import { createRuntime } from "../../../src/local/runtime/runtime.ts";

/** A local Heroku, served over HTTP in this process. */
export interface ServedHeroku {
  readonly url: string;
  readonly token: string;
  readonly dnsZone: string;
  readonly runtime: Runtime;
  /** Ends everything; the folder goes too unless it was given. */
  close(): Promise<void>;
}

interface ServeOptions {
  /** Kept, so that another can be opened on it. @default a new temporary one */
  readonly folder?: string;
  /** @default more than any test uses up, however long it waits */
  readonly rateLimit?: RateLimit;
}

const token = "a-token-for-tests";
const dnsZone = "herokudns.test";
const noLimit: RateLimit = { burst: 1_000_000, perMinute: 0 };

export async function serveHeroku(options: ServeOptions = {}): Promise<ServedHeroku> {
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), "understudy-heroku-")));
  const credentials = { username: "dev@example.com", secret: token };
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
  const faceOptions = { url, dnsZone, credentials };
  const runtime = await createRuntime({
    folder,
    flavour: flavour({ address: "127.0.0.1", routerPort: 0, options: faceOptions }),
  });
  const face = await openHeroku(runtime, faceOptions, options.rateLimit ?? noLimit);
  answer = (request) => face.fetch(request);
  return {
    url,
    token,
    dnsZone,
    runtime,
    close: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        if ("closeAllConnections" in server) server.closeAllConnections();
      });
      await face.close();
      await runtime.close();
      if (options.folder === undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}
