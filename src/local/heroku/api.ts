import { randomUUID } from "node:crypto";
import { type Context, Hono, type MiddlewareHandler } from "hono";
import { etag } from "hono/etag";
import { messageOf } from "../../base/errors.ts";
import { acceptVersion3 } from "./http/accept.ts";
import { authenticate } from "./http/auth.ts";
import { ApiError } from "./http/error.ts";
import { CallBudget, limitRate, type RateLimit } from "./http/rate-limit.ts";
import type { HerokuPlatform } from "./platform.ts";
import { accountRoutes } from "./routes/account.ts";
import { addonRoutes, catalogRoutes } from "./routes/addons.ts";
import { appRoutes } from "./routes/apps.ts";
import { attachmentRoutes } from "./routes/attachments.ts";
import { buildRoutes } from "./routes/builds.ts";
import { configRoutes } from "./routes/config.ts";
import { dataRoutes } from "./routes/data.ts";
import { domainRoutes } from "./routes/domains.ts";
import { dynoRoutes } from "./routes/dynos.ts";
import { formationRoutes } from "./routes/formation.ts";
import { logRoutes } from "./routes/logs.ts";
import { releaseRoutes } from "./routes/releases.ts";
import { settingRoutes } from "./routes/settings.ts";
import { streamRoutes } from "./routes/streams.ts";

/** Every answer has an id; one that the caller sent stays first. */
const requestId: MiddlewareHandler = async (context, next) => {
  const own = randomUUID();
  const given = context.req.header("request-id");
  context.header("Request-Id", given === undefined || given === "" ? own : `${given},${own}`);
  await next();
};

function answerError(error: unknown, context: Context): Response {
  if (error instanceof ApiError) return context.json(error, error.status);
  return context.json({ id: "internal_server_error", message: messageOf(error) }, 500);
}

function answerUnknown(context: Context): Response {
  const message = `There is no ${context.req.method} ${context.req.path} in this API.`;
  return context.json(new ApiError(404, "not_found", message), 404);
}

/** The whole API: addresses that are their own permission, the data host, the open catalogue, and the rest. */
export function apiOf(platform: HerokuPlatform, rateLimit: RateLimit): Hono {
  const budget = new CallBudget(rateLimit);
  const isOwner = authenticate(platform.options.credentials);
  const api = new Hono();
  api.onError(answerError);
  api.notFound(answerUnknown);
  api.use(requestId);
  api.route("/", streamRoutes(platform));

  api.use("/client/*", isOwner, limitRate(budget));
  api.use("/postgres/*", isOwner, limitRate(budget));
  api.route("/", dataRoutes(platform));

  api.use(acceptVersion3);
  api.route("/", catalogRoutes());
  api.use(isOwner, limitRate(budget), etag());
  const families = [
    appRoutes,
    configRoutes,
    formationRoutes,
    dynoRoutes,
    releaseRoutes,
    buildRoutes,
    addonRoutes,
    attachmentRoutes,
    domainRoutes,
    logRoutes,
    settingRoutes,
  ];
  for (const routes of families) api.route("/", routes(platform));
  api.route("/", accountRoutes(platform, budget));
  return api;
}
