import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What happens to one request on its way: nothing, an answer in the platform's place, or the platform's answer is lost. */
type Mishap =
  | { readonly kind: "pass" }
  | { readonly kind: "answer"; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  | { readonly kind: "lose-answer" };

/** Told of each request before it is sent on. */
type Misfortune = (request: { readonly method: string; readonly path: string }) => Mishap;

export interface Proxy {
  readonly url: string;
  /** `METHOD path` of every request, in order. */
  readonly seen: readonly string[];
  misfortune: Misfortune;
  close(): Promise<void>;
}

async function bodyOf(request: IncomingMessage): Promise<Buffer<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}

/** Stands between a client and a platform's API. Addresses of the API in its answers become the proxy's own. */
export async function openProxy(apiUrl: string): Promise<Proxy> {
  const seen: string[] = [];
  const proxy = { url: "", seen, misfortune: (() => ({ kind: "pass" })) as Misfortune };

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const method = request.method ?? "GET";
    const path = request.url ?? "/";
    const body = await bodyOf(request);
    seen.push(`${method} ${path.split("?")[0]}`);
    const mishap = proxy.misfortune({ method, path });
    if (mishap.kind === "answer") {
      response.writeHead(mishap.status, { "content-type": "application/json", ...mishap.headers });
      response.end(JSON.stringify({ id: "test", message: "made to fail by a test" }));
      return;
    }
    const { host: _, connection: __, "transfer-encoding": ___, ...headers } = request.headers;
    const answer = await fetch(`${apiUrl}${path}`, {
      method,
      headers: headers as Record<string, string>,
      body: method === "GET" || method === "HEAD" ? null : body,
      redirect: "manual",
    });
    const type = answer.headers.get("content-type") ?? "";
    const [streamed, isJson] = [type.includes("event-stream"), type.includes("json")];
    const { "content-length": ____, "content-encoding": _____, ...kept } = Object.fromEntries(answer.headers);
    for (const [name, value] of Object.entries(kept)) kept[name] = value.replaceAll(apiUrl, proxy.url);
    if (mishap.kind === "lose-answer") {
      await answer.arrayBuffer();
      request.socket.destroy();
      return;
    }
    response.writeHead(answer.status, kept);
    if (streamed && answer.body !== null) {
      for await (const chunk of answer.body) response.write(chunk);
      response.end();
      return;
    }
    const content = Buffer.from(await answer.arrayBuffer());
    response.end(isJson ? content.toString("utf8").replaceAll(apiUrl, proxy.url) : content);
  };

  const server = createServer((request, response) => {
    handle(request, response).catch(() => request.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  proxy.url = `http://localhost:${(server.address() as AddressInfo).port}`;
  return Object.assign(proxy, {
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  });
}
