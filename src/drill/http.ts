import { Agent, request as httpRequest, type IncomingMessage } from "node:http";
import type { RequestTemplate } from "./script.ts";

/** Where a request goes: an address that was looked up, and the name that was meant. */
export interface Destination {
  readonly address: string;
  readonly port: number;
  /** Sent as the Host header. */
  readonly host: string;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Idle connections to one address. */
export function connectionPool(): Agent {
  return new Agent({ keepAlive: true });
}

/** Idle connections are closed; those in use when their request is done. */
export function retire(pool: Agent): void {
  pool.maxFreeSockets = 0;
  for (const sockets of Object.values(pool.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
}

/**
 * Sends one request to an address, whatever its host's name resolves to; this is why `fetch` won't do. Settles when the
 * whole answer has come. Rejects with the system's error, whose `code` says why, or with the signal's reason.
 */
export async function send(
  template: RequestTemplate,
  to: Destination,
  options: { readonly pool: Agent; readonly signal: AbortSignal },
): Promise<Answer> {
  const attempt = sendOnce(template, to, options);
  try {
    return await attempt.answer;
  } catch (error) {
    // The other side closed an idle connection just as it was used again. Every browser and HTTP library then
    // repeats the request on a new connection, and so does the visitor, once.
    const code = (error as NodeJS.ErrnoException).code;
    const stale = attempt.reused() && (code === "ECONNRESET" || code === "EPIPE");
    if (!stale || options.signal.aborted) throw error;
    return sendOnce(template, to, { ...options, pool: undefined }).answer;
  }
}

function sendOnce(
  template: RequestTemplate,
  to: Destination,
  options: { readonly pool: Agent | undefined; readonly signal: AbortSignal },
): { readonly answer: Promise<Answer>; readonly reused: () => boolean } {
  const request = httpRequest({
    host: to.address,
    port: to.port,
    method: template.method,
    path: template.path,
    headers: {
      ...template.headers,
      host: to.host,
      ...(template.body === undefined ? {} : { "content-length": Buffer.byteLength(template.body) }),
    },
    agent: options.pool ?? false,
    signal: options.signal,
  });
  const answer = new Promise<Answer>((resolve, reject) => {
    request.once("error", reject);
    request.once("response", (response) =>
      readBody(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject),
    );
  });
  request.end(template.body);
  return { answer, reused: () => request.reusedSocket };
}

async function readBody(response: IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of response.setEncoding("utf8")) body += chunk;
  return body;
}
