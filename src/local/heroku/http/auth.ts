import { createHash, timingSafeEqual } from "node:crypto";
import type { MiddlewareHandler } from "hono";
import type { FaceCredentials } from "../../face.ts";
import { ApiError } from "./error.ts";

/** The key of an `Authorization` header: a bearer token, or the password of Basic, whatever its user. */
function keyOf(header: string): string | undefined {
  const [scheme = "", value = ""] = header.split(" ", 2);
  if (scheme.toLowerCase() === "bearer") return value;
  if (scheme.toLowerCase() !== "basic") return undefined;
  return Buffer.from(value, "base64").toString("utf8").split(":").slice(1).join(":");
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/** Lets a request through when it carries the account's API key; otherwise 401. */
export function authenticate(credentials: FaceCredentials): MiddlewareHandler {
  const expected = digest(credentials.secret);
  return async (context, next) => {
    const key = keyOf(context.req.header("authorization") ?? "");
    if (key === undefined || !timingSafeEqual(digest(key), expected)) {
      throw new ApiError(401, "unauthorized", "Invalid credentials provided.");
    }
    await next();
  };
}
