import { type Context, Hono } from "hono";
import { z } from "zod";
import { bodyOf } from "../http/body.ts";
import { notFound } from "../http/error.ts";
import { rangeOf } from "../http/range.ts";
import type { AppRecord, DomainRecord } from "../model.ts";
import type { HerokuPlatform } from "../platform.ts";
import { domainShape } from "../shapes.ts";

/** `sni_endpoint` may be null and must be there. */
const creation = z.strictObject({
  hostname: z
    .string()
    .max(253)
    .regex(
      /^(\*\.)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/i,
      "is not a host name",
    ),
  sni_endpoint: z.string().nullable(),
});

export function domainRoutes(platform: HerokuPlatform): Hono {
  const { store, apps } = platform;
  const api = new Hono();

  const appOf = (context: Context): AppRecord => store.app(context.req.param("app") ?? "");
  const find = (context: Context, app: AppRecord): DomainRecord => {
    const asked = context.req.param("domain");
    const found = app.domains.find(({ id, hostname }) => id === asked || hostname === asked);
    if (found === undefined) throw notFound("domain");
    return found;
  };

  api.get("/apps/:app/domains", (context) => {
    const app = appOf(context);
    return rangeOf(
      context,
      app.domains.map((domain) => domainShape(app, domain)),
      ["id", "hostname"],
    );
  });

  api.get("/apps/:app/domains/:domain", (context) => {
    const app = appOf(context);
    return context.json(domainShape(app, find(context, app)));
  });

  api.post("/apps/:app/domains", async (context) => {
    const app = appOf(context);
    const { hostname, sni_endpoint } = await bodyOf(context, creation);
    if (sni_endpoint !== null) throw notFound("sni_endpoint");
    const domain = await apps.addDomain(app, hostname.toLowerCase());
    return context.json(domainShape(app, domain), 201);
  });

  api.delete("/apps/:app/domains/:domain", async (context) => {
    const app = appOf(context);
    const domain = find(context, app);
    const gone = domainShape(app, domain);
    await apps.removeDomain(app, domain);
    return context.json(gone);
  });

  api.get("/apps/:app/sni-endpoints", (context) => {
    appOf(context);
    return rangeOf(context, []);
  });

  return api;
}
