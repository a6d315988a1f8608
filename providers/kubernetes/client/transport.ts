import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from "node:http";
import { request as httpsRequest } from "node:https";
import { messageOf, RetryableError, UnderstudyError } from "../../../src/base/errors.ts";
import type { Entry } from "./entry.ts";
import { LostAnswerError } from "./errors.ts";

/** One request, as it goes over the wire. */
export interface WireRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly signal: AbortSignal;
}

/** An answer whose body is still to be read. */
export interface WireResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly body: IncomingMessage;
}

/** Errors that come before a request has left. */
const unsent = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EADDRNOTAVAIL",
]);

/** Codes of OpenSSL and Node for a certificate that isn't taken. */
const distrusted = /CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS|HOSTNAME_MISMATCH|EPROTO|ERR_SSL/;

function codeOf(error: unknown): string {
  // Several addresses that all failed come as one error without a code.
  const first = error instanceof AggregateError ? (error.errors[0] as unknown) : error;
  return (first as NodeJS.ErrnoException | undefined)?.code ?? "";
}

function textOf(error: unknown): string {
  return error instanceof AggregateError ? messageOf(error.errors[0]) : messageOf(error);
}

/** What a connection's failure means for the caller. */
function connectionFailure({ method, url }: Pick<WireRequest, "method" | "url">, error: unknown): Error {
  if (error instanceof UnderstudyError) return error;
  const { origin, pathname } = new URL(url);
  const code = codeOf(error);
  const text = textOf(error);
  if (distrusted.test(code)) {
    return new UnderstudyError(`${origin} can't be trusted: ${text} (${code}).`, {
      code: "certificate-rejected",
      cause: error,
      suggestion:
        "Give the connection the cluster's own authority (`ca`, or certificate-authority-data of the kubeconfig), and check that the address is the one in the certificate.",
    });
  }
  const options = {
    code: "http-unreachable",
    cause: error,
    suggestion: `Check that the cluster is up and can be reached from here, e.g. with \`kubectl --server ${origin} version\`.`,
  };
  return unsent.has(code)
    ? new RetryableError(`${origin} can't be reached: ${text}.`, options)
    : new LostAnswerError(`${method} ${origin}${pathname} got no answer: ${text}.`, options);
}

function headersOf(message: IncomingMessage): Headers {
  const headers = new Headers();
  const raw = message.rawHeaders;
  for (let index = 0; index + 1 < raw.length; index += 2)
    headers.append(raw[index] ?? "", raw[index + 1] ?? "");
  return headers;
}

/** Sends one request; settles when the answer's head is there. Throws by {@link connectionFailure}. */
export function exchange(request: WireRequest, entry: Entry): Promise<WireResponse> {
  const { method, url, body, signal } = request;
  const headers: OutgoingHttpHeaders = { accept: "application/json", ...request.headers };
  for (const [name, value] of Object.entries(entry.headers)) {
    headers[name] = typeof value === "string" ? value : [...value];
  }
  if (body !== undefined) headers["content-length"] = Buffer.byteLength(body);
  const send = url.startsWith("https:") ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const sent = send(url, { method, headers, agent: entry.agent, signal });
    sent.on("response", (message) => {
      resolve({ status: message.statusCode ?? 0, headers: headersOf(message), body: message });
    });
    sent.on("error", (error) => reject(connectionFailure(request, error)));
    sent.end(body);
  });
}

/** The whole body. */
export async function bodyOf(request: WireRequest, response: WireResponse): Promise<string> {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of response.body) chunks.push(chunk as Uint8Array);
  } catch (error) {
    throw connectionFailure(request, error);
  }
  return Buffer.concat(chunks).toString("utf8");
}
