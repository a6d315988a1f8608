import { z } from "zod";
import { NotFoundError, RetryableError, UnderstudyError } from "../../../src/base/errors.ts";
import { type HttpRequest, type HttpResponse, retryAfterMs } from "../../../src/base/http.ts";

const bodySchema = z.object({
  errors: z.array(z.object({ code: z.number(), title: z.string(), detail: z.string() })).nonempty(),
});

/** What the API refused, with its own numbers: callers branch on `cfCode`, never on the text. */
export class CloudFoundryError extends UnderstudyError {
  readonly status: number;
  /** Code of the first error, e.g. 10008; 0 when the answer had none. */
  readonly cfCode: number;

  constructor(
    message: string,
    options: {
      readonly code: string;
      readonly status: number;
      readonly cfCode: number;
      readonly suggestion?: string;
    },
  ) {
    super(message, {
      code: options.code,
      ...(options.suggestion === undefined ? {} : { suggestion: options.suggestion }),
    });
    this.status = options.status;
    this.cfCode = options.cfCode;
  }
}

/** Codes of cloud_controller_ng, errors/v2.yml. */
const cfCode = {
  unprocessable: 10008,
  notFound: 10010,
  notUnique: 10016,
  stagingInProgress: 170017,
  operationInProgress: 60016,
} as const;

export function credentialsRejected(url: string): UnderstudyError {
  return new UnderstudyError(`${url} does not take these credentials.`, {
    code: "credentials-rejected",
    suggestion:
      "Check user and password (or client id and secret) in the stack's connection, and that they haven't expired.",
  });
}

function rateLimitWaitMs(headers: Headers, now: number): number | undefined {
  const asked = retryAfterMs(headers, now);
  const reset = Number(headers.get("x-ratelimit-reset") ?? Number.NaN);
  return asked ?? (Number.isNaN(reset) ? undefined : Math.max(0, reset * 1000 - now));
}

/** The typed error for an answer that isn't a success. */
export function failureOf(request: HttpRequest, response: HttpResponse, now: number): Error {
  const parsed = bodySchema.safeParse(safeJson(response.text));
  const errors = parsed.success ? parsed.data.errors : [];
  const { origin, pathname } = new URL(request.url);
  const what = `${request.method} ${pathname} on ${origin} answered ${response.status}`;
  const details = errors.map(({ title, code, detail }) => `${detail} (${title}, ${code})`).join("; ");
  const message = details === "" ? `${what}.` : `${what}: ${details}`;
  const first = errors[0]?.code ?? 0;
  const { status } = response;
  if (status === 429) {
    return new RetryableError(message, {
      code: "rate-limited",
      retryAfterMs: rateLimitWaitMs(response.headers, now),
    });
  }
  if (status >= 500 || first === cfCode.operationInProgress || first === cfCode.stagingInProgress) {
    return new RetryableError(message, {
      code: status >= 500 ? "platform-error" : "operation-in-progress",
      retryAfterMs: retryAfterMs(response.headers, now),
    });
  }
  if (status === 404 && (first === cfCode.notFound || first === 0)) {
    return new NotFoundError(message, { code: "not-found" });
  }
  if (status === 403) {
    return new CloudFoundryError(message, {
      code: "forbidden",
      status,
      cfCode: first,
      suggestion: "The user needs the role of a space developer in the space.",
    });
  }
  return new CloudFoundryError(message, { code: "refused-by-platform", status, cfCode: first });
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether the API refused since something of that name or place is there already. */
export function isTaken(error: unknown): boolean {
  return (
    error instanceof CloudFoundryError &&
    (error.cfCode === cfCode.notUnique || error.cfCode === cfCode.unprocessable)
  );
}
