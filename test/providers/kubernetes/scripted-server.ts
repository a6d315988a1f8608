import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { JsonObject } from "../../../src/base/json.ts";

/** A request as the server saw it. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** What the server does about one request. */
export type Answer =
  | { readonly json: unknown; readonly status?: number; readonly headers?: Readonly<Record<string, string>> }
  | { readonly text: string; readonly status?: number }
  /** Lines of a watch; the connection is then ended, kept, or torn. */
  | { readonly lines: readonly unknown[]; readonly ending: "end" | "stay" | "tear" }
  | "tear"
  | "silence";

type Script = (seen: Seen) => Answer | undefined;

/** Answers as a test says, and with 404 what the test doesn't speak of. */
export interface ScriptedServer {
  readonly url: string;
  readonly seen: readonly Seen[];
  script: Script;
  close(): Promise<void>;
}

/** A Status as the API server gives it. */
export function status(code: number, reason: string, message: string, details: JsonObject = {}): Answer {
  return {
    status: code,
    json: { kind: "Status", apiVersion: "v1", status: "Failure", message, reason, details, code },
  };
}

const resources: Readonly<Record<string, readonly JsonObject[]>> = {
  "/api/v1": [
    { name: "pods", kind: "Pod", namespaced: true },
    { name: "pods/log", kind: "Pod", namespaced: true },
    { name: "configmaps", kind: "ConfigMap", namespaced: true },
    { name: "secrets", kind: "Secret", namespaced: true },
    { name: "services", kind: "Service", namespaced: true },
    { name: "namespaces", kind: "Namespace", namespaced: false },
  ],
  "/apis/apps/v1": [
    { name: "deployments", kind: "Deployment", namespaced: true },
    { name: "deployments/scale", kind: "Scale", namespaced: true },
  ],
  "/apis/batch/v1": [
    { name: "jobs", kind: "Job", namespaced: true },
    { name: "cronjobs", kind: "CronJob", namespaced: true },
  ],
};

function aggregated(group: string, version: string): JsonObject {
  const path = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
  const found = (resources[path] ?? []).filter(({ name }) => !String(name).includes("/"));
  const kinds = found.map(({ kind }) => ({ responseKind: { kind: kind ?? "" } }));
  return { metadata: { name: group }, versions: [{ version, resources: kinds }] };
}

function discovery({ path }: Seen): Answer | undefined {
  if (path === "/api") return { json: { items: [aggregated("", "v1")] } };
  if (path === "/apis") return { json: { items: [aggregated("apps", "v1"), aggregated("batch", "v1")] } };
  const found = resources[path];
  return found === undefined ? undefined : { json: { kind: "APIResourceList", resources: found } };
}

async function readBody(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of request.setEncoding("utf8")) body += chunk as string;
  return body;
}

function respond(answer: Answer, response: ServerResponse): void {
  if (answer === "silence") return;
  if (answer === "tear") {
    response.destroy();
    return;
  }
  if ("text" in answer) {
    response.writeHead(answer.status ?? 200).end(answer.text);
    return;
  }
  if ("json" in answer) {
    response.writeHead(answer.status ?? 200, { "content-type": "application/json", ...answer.headers });
    response.end(JSON.stringify(answer.json));
    return;
  }
  response.writeHead(200, { "content-type": "application/json" });
  response.flushHeaders();
  const text = answer.lines.map((line) => `${JSON.stringify(line)}\n`).join("");
  if (answer.ending === "end") response.end(text);
  else if (answer.ending === "stay") response.write(text);
  else response.write(text, () => setTimeout(() => response.destroy(), 20));
}

/** An API server that has the kinds of the tests and nothing else of its own. */
export async function openScriptedServer(): Promise<ScriptedServer> {
  const seen: Seen[] = [];
  const self = { url: "", seen, script: (() => undefined) as Script };
  const server = createServer({ keepAliveTimeout: 90_000 }, (request, response) => {
    void readBody(request).then((body) => {
      const url = new URL(request.url ?? "/", "http://localhost");
      const one = {
        method: request.method ?? "",
        path: url.pathname,
        query: Object.fromEntries(url.searchParams),
        headers: request.headers,
        body,
      };
      seen.push(one);
      respond(self.script(one) ?? discovery(one) ?? status(404, "NotFound", "not found"), response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  self.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return Object.assign(self, {
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  });
}
