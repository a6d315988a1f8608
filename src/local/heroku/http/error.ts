import type { ContentfulStatusCode } from "hono/utils/http-status";

/** An answer that is an error, in the API's own form: `{id, message}` and sometimes the kind of resource. */
export class ApiError extends Error {
  readonly status: ContentfulStatusCode;
  readonly id: string;
  readonly resource: string | undefined;

  constructor(status: ContentfulStatusCode, id: string, message: string, resource?: string) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.id = id;
    this.resource = resource;
  }

  toJSON(): Readonly<Record<string, string>> {
    return {
      id: this.id,
      message: this.message,
      ...(this.resource === undefined ? {} : { resource: this.resource }),
    };
  }
}

/** 404 naming what was looked for, e.g. `notFound("app")`. */
export function notFound(resource: string): ApiError {
  const words = resource.replaceAll("_", " ");
  return new ApiError(404, "not_found", `Couldn't find that ${words}.`, resource);
}

/** 422 for a request that is well-formed and still can't be taken. */
export function invalidParams(message: string): ApiError {
  return new ApiError(422, "invalid_params", message);
}
