import { createHmac, randomUUID, timingSafeEqual } from "node:crypto";
import type { MiddlewareHandler } from "hono";
import type { Cloud } from "./cloud.ts";
import { invalidToken, notAuthenticated } from "./errors.ts";

/** What a token says. Clients read `exp` and the user's fields without verifying the signature. */
export interface Claims {
  readonly jti: string;
  readonly iat: number;
  /** Seconds since 1970. */
  readonly exp: number;
  readonly client_id: string;
  readonly grant_type: string;
  readonly user_id?: string;
  readonly user_name?: string;
  readonly origin?: string;
  readonly scope: readonly string[];
  readonly kind: "access" | "refresh";
}

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");

function signature(cloud: Cloud, text: string): string {
  return createHmac("sha256", cloud.model.tokenKey).update(text).digest("base64url");
}

/** A JSON web token, signed by this Cloud Foundry alone. */
export function sign(cloud: Cloud, claims: Omit<Claims, "jti" | "iat" | "exp">, seconds: number): string {
  const iat = Math.floor(cloud.clock.now() / 1000);
  const text = `${part({ alg: "HS256", typ: "JWT" })}.${part({ ...claims, jti: randomUUID(), iat, exp: iat + seconds })}`;
  return `${text}.${signature(cloud, text)}`;
}

/** The claims of a token that is ours and not expired; else undefined. */
export function verify(cloud: Cloud, token: string, kind: Claims["kind"]): Claims | undefined {
  const [head, claims, given] = token.split(".");
  if (head === undefined || claims === undefined || given === undefined) return undefined;
  const expected = Buffer.from(signature(cloud, `${head}.${claims}`));
  const received = Buffer.from(given);
  if (expected.length !== received.length || !timingSafeEqual(expected, received)) return undefined;
  const parsed = JSON.parse(Buffer.from(claims, "base64url").toString()) as Claims;
  return parsed.kind === kind && parsed.exp * 1000 > cloud.clock.now() ? parsed : undefined;
}

/** 401 10002 without a token, 401 1000 with a wrong or expired one. */
export function requireToken(cloud: Cloud): MiddlewareHandler {
  return async (c, next) => {
    const header = c.req.header("authorization");
    if (header === undefined) throw notAuthenticated();
    const [scheme = "", token = ""] = header.split(" ");
    if (scheme.toLowerCase() !== "bearer" || verify(cloud, token, "access") === undefined)
      throw invalidToken();
    await next();
  };
}
