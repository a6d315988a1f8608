import { createServer, type IncomingMessage, request as plainRequest, type ServerResponse } from "node:http";
import { request as tlsRequest } from "node:https";
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

/** The API's own answer; `ca` is whose certificates are trusted, as PEM. */
function ask(
  url: string,
  options: { readonly method: string; readonly headers: IncomingMessage["headers"]; readonly ca?: string },
  body: Buffer,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const start = url.startsWith("https:") ? tlsRequest : plainRequest;
    start(url, options, resolve).on("error", reject).end(body);
  });
}

/** Stands between a client and a platform's API. Addresses of the API in its answers become the proxy's own. */
export async function openProxy(apiUrl: string, ca?: string): Promise<Proxy> {
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
    // Compressed answers could not be looked through.
    const {
      host: _,
      connection: __,
      "transfer-encoding": ___,
      "accept-encoding": ____,
      ...headers
    } = request.headers;
    const options = { method, headers, ...(ca === undefined ? {} : { ca }) };
    const answer = await ask(`${apiUrl}${path}`, options, body);
    const type = answer.headers["content-type"] ?? "";
    const streamed = type.includes("event-stream") || /[?&](watch|follow)=/.test(path);
    const {
      "content-length": _____,
      connection: ______,
      "transfer-encoding": _______,
      ...kept
    } = answer.headers;
    for (const [name, value] of Object.entries(kept)) {
      if (typeof value === "string") kept[name] = value.replaceAll(apiUrl, proxy.url);
    }
    if (mishap.kind === "lose-answer") {
      await bodyOf(answer);
      request.socket.destroy();
      return;
    }
    response.writeHead(answer.statusCode ?? 502, kept);
    if (streamed) {
      answer.pipe(response);
      return;
    }
    const content = await bodyOf(answer);
    response.end(type.includes("json") ? content.toString("utf8").replaceAll(apiUrl, proxy.url) : content);
  };

  const server = createServer({ keepAliveTimeout: 90_000 }, (request, response) => {
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
