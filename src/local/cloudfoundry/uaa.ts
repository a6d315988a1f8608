import { timingSafeEqual } from "node:crypto";
import { type Context, Hono } from "hono";
import { type Claims, sign, verify } from "./auth.ts";
import type { Cloud } from "./cloud.ts";

/** Seconds that tokens live, as a default Cloud Foundry deployment has it. */
export interface TokenLife {
  readonly access: number;
  readonly refresh: number;
}

export const defaultTokenLife: TokenLife = { access: 600, refresh: 30 * 24 * 3600 };

const scope = ["cloud_controller.read", "cloud_controller.write", "cloud_controller.admin", "openid"];
const userId = "5f1d0f6c-7b64-4b0e-9a52-2f5c8e1f0a01";

function same(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function refused(c: Context, error: string, description: string) {
  return c.json({ error, error_description: description }, 401);
}

/** Client id and secret: by Basic authorization, else from the form. */
function clientOf(c: Context, form: URLSearchParams): readonly [string, string] {
  const basic = /^basic (.+)$/i.exec(c.req.header("authorization") ?? "")?.[1];
  if (basic === undefined) return [form.get("client_id") ?? "", form.get("client_secret") ?? ""];
  const [id = "", ...secret] = Buffer.from(basic, "base64").toString().split(":");
  return [decodeURIComponent(id), decodeURIComponent(secret.join(":"))];
}

/**
 * The login server: tokens by password, by refresh token and by client credentials (cloudfoundry/uaa, token endpoint).
 * The public client `cf` has an empty secret; the face's own credentials also serve as a client's.
 */
export function uaa(cloud: Cloud, life: TokenLife): Hono {
  const app = new Hono();
  const { username, secret } = cloud.options.credentials;

  const answer = (
    c: Context,
    claims: Pick<Claims, "client_id" | "grant_type"> & { readonly user: boolean },
  ) => {
    const { user, ...rest } = claims;
    const who = user ? { user_id: userId, user_name: username, origin: "uaa" } : {};
    const access = sign(cloud, { ...rest, ...who, scope, kind: "access" }, life.access);
    const refresh = user
      ? { refresh_token: sign(cloud, { ...rest, ...who, scope, kind: "refresh" }, life.refresh) }
      : {};
    return c.json({
      access_token: access,
      token_type: "bearer",
      ...refresh,
      expires_in: life.access - 1,
      scope: scope.join(" "),
      jti: access.slice(-16),
    });
  };

  app.get("/login", (c) =>
    c.json({
      app: { version: "77.0.0" },
      links: { login: `${cloud.options.url}/uaa`, uaa: `${cloud.options.url}/uaa` },
      prompts: { username: ["text", "Email"], password: ["password", "Password"] },
    }),
  );

  app.post("/oauth/token", async (c) => {
    const form = new URLSearchParams(await c.req.text());
    const [clientId, clientSecret] = clientOf(c, form);
    const isPublic = clientId === "cf" && clientSecret === "";
    const isOwn = clientId === username && same(clientSecret, secret);
    if (!isPublic && !isOwn) return refused(c, "invalid_client", "Bad credentials");
    const grant = form.get("grant_type");
    switch (grant) {
      case "password":
        return form.get("username") === username && same(form.get("password") ?? "", secret)
          ? answer(c, { client_id: clientId, grant_type: grant, user: true })
          : refused(c, "unauthorized", "Bad credentials");
      case "refresh_token":
        return verify(cloud, form.get("refresh_token") ?? "", "refresh") === undefined
          ? refused(c, "invalid_token", "The token expired, was revoked, or the token ID is incorrect.")
          : answer(c, { client_id: clientId, grant_type: "password", user: true });
      case "client_credentials":
        return isOwn
          ? answer(c, { client_id: clientId, grant_type: grant, user: false })
          : refused(c, "unauthorized_client", "Unauthorized grant type: client_credentials");
      default:
        return c.json(
          { error: "unsupported_grant_type", error_description: `Unsupported grant type: ${grant}` },
          400,
        );
    }
  });
  return app;
}
