import { request } from "node:http";
import { buffer } from "node:stream/consumers";
import { ZipFile } from "yazl";
import type { JsonObject } from "../../../src/base/json.ts";
import type { ServedCloudFoundry } from "./serve.ts";

// biome-ignore lint/suspicious/noExplicitAny: what the API answers is the thing under test
export type Answer = any;

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Answer;
}

interface Sent {
  readonly json?: unknown;
  readonly text?: string;
  readonly form?: FormData;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A plain HTTP client of the face, logged in. */
export class Api {
  readonly served: ServedCloudFoundry;
  readonly #token: string;

  constructor(served: ServedCloudFoundry, token: string) {
    this.served = served;
    this.#token = token;
  }

  async send(method: string, path: string, sent: Sent = {}): Promise<Reply> {
    const url = path.startsWith("http") ? path : `${this.served.url}${path}`;
    const body = sent.form ?? sent.text ?? (sent.json === undefined ? null : JSON.stringify(sent.json));
    const headers = { authorization: `bearer ${this.#token}`, ...sent.headers };
    const response = await fetch(url, { method, headers, body, redirect: "manual" });
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.includes("json") === true;
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
  }

  get = (path: string): Promise<Reply> => this.send("GET", path);
  post = (path: string, json: unknown = {}): Promise<Reply> => this.send("POST", path, { json });
  patch = (path: string, json: unknown): Promise<Reply> => this.send("PATCH", path, { json });
  delete = (path: string): Promise<Reply> => this.send("DELETE", path);

  /** Waits for the job that an answer points to, and gives it. */
  async job(reply: Reply): Promise<Answer> {
    const location = reply.headers.get("location");
    if (reply.status !== 202 || location === null) {
      throw new Error(`Not a job: ${reply.status} ${JSON.stringify(reply.body)}`);
    }
    return await until(async () => {
      const { body } = await this.get(location);
      return body.state === "PROCESSING" ? undefined : body;
    });
  }

  async space(): Promise<string> {
    return (await this.get("/v3/spaces")).body.resources[0].guid;
  }

  async sharedDomain(): Promise<string> {
    return (await this.get(`/v3/domains?names=${this.served.appsDomain}`)).body.resources[0].guid;
  }

  async makeApp(name: string): Promise<string> {
    const relationships = { space: { data: { guid: await this.space() } } };
    const { status, body } = await this.post("/v3/apps", { name, relationships });
    if (status !== 201) throw new Error(JSON.stringify(body));
    return body.guid;
  }

  /** Uploads and builds; gives the build when it has ended. */
  async build(app: string, files: Readonly<Record<string, string>>): Promise<Answer> {
    const relationships = { app: { data: { guid: app } } };
    const { body: made } = await this.post("/v3/packages", { type: "bits", relationships });
    const form = new FormData();
    form.set("bits", new Blob([await zipped(files)]), "bits.zip");
    await this.send("POST", `/v3/packages/${made.guid}/upload`, { form });
    await until(
      async () => (await this.get(`/v3/packages/${made.guid}`)).body.state === "READY" || undefined,
    );
    const { body: build } = await this.post("/v3/builds", { package: { guid: made.guid } });
    return await until(async () => {
      const { body } = await this.get(`/v3/builds/${build.guid}`);
      return body.state === "STAGING" ? undefined : body;
    });
  }

  /** An app that is built and started, with a route `<name>.apps.test`. */
  async runApp(name: string, files: Readonly<Record<string, string>> = echoApp): Promise<string> {
    const app = await this.makeApp(name);
    const { droplet } = await this.build(app, files);
    await this.patch(`/v3/apps/${app}/relationships/current_droplet`, { data: { guid: droplet.guid } });
    await this.mapRoute(app, name);
    await this.post(`/v3/apps/${app}/actions/start`);
    await this.running(app, "web", 1);
    return app;
  }

  async mapRoute(app: string, host: string): Promise<string> {
    const relationships = {
      space: { data: { guid: await this.space() } },
      domain: { data: { guid: await this.sharedDomain() } },
    };
    const { body: route } = await this.post("/v3/routes", { host, relationships });
    await this.post(`/v3/routes/${route.guid}/destinations`, { destinations: [{ app: { guid: app } }] });
    return route.guid;
  }

  async states(app: string, type: string): Promise<readonly string[]> {
    const { body } = await this.get(`/v3/apps/${app}/processes/${type}/stats`);
    return (body.resources ?? []).map((instance: Answer) => instance.state);
  }

  async running(app: string, type: string, count: number): Promise<void> {
    await until(async () => {
      const running = (await this.states(app, type)).filter((state) => state === "RUNNING");
      return running.length === count || undefined;
    });
  }

  visit(host: string, path = "/"): Promise<Visit> {
    const { address, port } = this.served.runtime.router;
    return new Promise((resolve, reject) => {
      const sent = request({ host: address, port, path, headers: { host }, agent: false }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers as Visit["headers"], text }),
        );
      });
      sent.on("error", reject).end();
    });
  }

  /** What the echo app says, once it answers. */
  async echo(host: string): Promise<Answer> {
    return await until(async () => {
      const { status, text } = await this.visit(host);
      return status === 200 ? JSON.parse(text) : undefined;
    });
  }
}

interface Visit {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** Looks again and again until there is a value; the test's own time limit is the end of it. */
export async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const value = await look();
    if (value !== undefined) return value;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

async function zipped(files: Readonly<Record<string, string>>): Promise<Uint8Array<ArrayBuffer>> {
  const zip = new ZipFile();
  for (const [path, content] of Object.entries(files)) zip.addBuffer(Buffer.from(content), path);
  zip.end();
  return new Uint8Array(await buffer(zip.outputStream));
}

/** Answers every request with its environment. */
export const echoApp = {
  "package.json": '{"name": "echo", "version": "1.0.0", "private": true}',
  Procfile: "web: node web.js\nworker: node worker.js\n",
  "web.js": `
const server = require("node:http")
  .createServer((request, response) => response.end(JSON.stringify({ env: process.env, pid: process.pid, headers: request.headers })))
  .listen(Number(process.env.PORT), process.env.HOST);
process.on("SIGTERM", () => server.close(() => process.exit(0)));
`,
  "worker.js":
    'console.log("worker works"); setInterval(() => {}, 1000); process.on("SIGTERM", () => process.exit(0));',
} as const;

export async function token(
  served: ServedCloudFoundry,
  form: Readonly<Record<string, string>>,
  client = "cf:",
): Promise<Reply> {
  const response = await fetch(`${served.url}/uaa/oauth/token`, {
    method: "POST",
    headers: { authorization: `Basic ${btoa(client)}` },
    body: new URLSearchParams(form),
  });
  return { status: response.status, headers: response.headers, body: (await response.json()) as JsonObject };
}

export async function logIn(served: ServedCloudFoundry): Promise<Api> {
  const { username, password } = served;
  const { body } = await token(served, { grant_type: "password", username, password });
  return new Api(served, body.access_token);
}
