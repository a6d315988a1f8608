import type { MiddlewareHandler } from "hono";
import { ApiError } from "./error.ts";

/** Version 3, alone or in one of its variants (`version=3.sdk`). */
const version = /^application\/vnd\.heroku\+json\s*;\s*version=3(\.[a-z-]+)?$/i;

/** 406 unless the caller asks for version 3 of the API, as the real one demands. */
export const acceptVersion3: MiddlewareHandler = async (context, next) => {
  const types = (context.req.header("accept") ?? "").split(",").map((type) => type.trim());
  if (!types.some((type) => version.test(type))) {
    throw new ApiError(
      406,
      "not_acceptable",
      "The Accept header must name version 3: application/vnd.heroku+json; version=3",
    );
  }
  await next();
};
