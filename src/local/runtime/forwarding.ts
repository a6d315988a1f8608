import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** Name and value in turn, as on the wire: order, case and repeats are kept. */
export type RawHeaders = readonly string[];

/** For one hop only (RFC 9110, 7.6.1); `expect` has been answered by us. */
const hopByHop: ReadonlySet<string> = new Set([
  "connection",
  "expect",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Set by us, whatever the client said. */
const replaced: ReadonlySet<string> = new Set([
  "x-forwarded-for",
  "x-forwarded-port",
  "x-forwarded-proto",
  "x-request-id",
  "x-request-start",
]);

/** Name and value of each header. */
export function headerPairs(raw: RawHeaders): readonly (readonly [string, string])[] {
  const result: (readonly [string, string])[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2)
    result.push([raw[index] ?? "", raw[index + 1] ?? ""]);
  return result;
}

/** Without what is meant for this hop, among it what the Connection header names. */
function endToEnd(message: IncomingMessage, isDropped: (name: string) => boolean): string[] {
  const named = (message.headers.connection ?? "").split(",").map((name) => name.trim().toLowerCase());
  return headerPairs(message.rawHeaders).flatMap(([name, value]) => {
    const lower = name.toLowerCase();
    return hopByHop.has(lower) || named.includes(lower) || isDropped(lower) ? [] : [name, value];
  });
}

/** What the router knows of a request besides the request itself. */
export interface Forwarding {
  readonly requestId: string;
  readonly forwardedFor: string;
  /** Milliseconds since 1970. */
  readonly receivedAt: number;
  readonly port: number;
  readonly via: string | undefined;
}

/** A client's id is kept when it is one word of at most 200 characters, as Heroku does. */
export function requestIdOf(request: IncomingMessage): string {
  const given = request.headers["x-request-id"];
  return typeof given === "string" && /^[\w-]{1,200}$/.test(given) ? given : randomUUID();
}

export function forwardedForOf(request: IncomingMessage): string {
  const peer = (request.socket.remoteAddress ?? "").replace(/^::ffff:/, "");
  const given = request.headers["x-forwarded-for"];
  const chain = Array.isArray(given) ? given.join(", ") : given;
  return chain === undefined || chain === "" ? peer : `${chain}, ${peer}`;
}

/** The headers that an instance gets. */
export function requestHeaders(request: IncomingMessage, forwarding: Forwarding): string[] {
  const headers = endToEnd(request, (name) => replaced.has(name));
  headers.push("X-Forwarded-For", forwarding.forwardedFor);
  headers.push("X-Forwarded-Proto", "http");
  headers.push("X-Forwarded-Port", String(forwarding.port));
  headers.push("X-Request-Start", String(forwarding.receivedAt));
  headers.push("X-Request-Id", forwarding.requestId);
  if (forwarding.via !== undefined) headers.push("Via", forwarding.via);
  if (request.headers.upgrade !== undefined && isUpgrade(request)) {
    headers.push("Connection", "Upgrade", "Upgrade", request.headers.upgrade);
  } else {
    headers.push("Connection", "close");
    if (request.headers["transfer-encoding"] !== undefined) headers.push("Transfer-Encoding", "chunked");
    else if (hasNoLength(request)) headers.push("Content-Length", "0");
  }
  return headers;
}

export function isUpgrade(request: IncomingMessage): boolean {
  return /(^|,)\s*upgrade\s*(,|$)/i.test(request.headers.connection ?? "");
}

/** Node would send such a request in chunks, which some servers take amiss. */
function hasNoLength(request: IncomingMessage): boolean {
  const needsLength = ["POST", "PUT", "PATCH"].includes(request.method ?? "");
  return needsLength && request.headers["content-length"] === undefined;
}

/** The headers that a client gets. */
export function responseHeaders(response: IncomingMessage, via: string | undefined): string[] {
  const headers = endToEnd(response, () => false);
  if (via !== undefined) headers.push("Via", via);
  return headers;
}
