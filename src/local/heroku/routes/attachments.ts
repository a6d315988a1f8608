import { type Context, Hono } from "hono";
import { z } from "zod";
import { bodyOf, identity } from "../http/body.ts";
import { ApiError, notFound } from "../http/error.ts";
import { rangeOf } from "../http/range.ts";
import type { AppRecord, AttachmentRecord } from "../model.ts";
import type { HerokuPlatform } from "../platform.ts";
import { attachmentShape } from "../shapes.ts";

const creation = z.strictObject({
  addon: identity,
  app: identity,
  name: z.string().min(1).nullish(),
  namespace: z.string().nullish(),
  confirm: z.string().nullish(),
});

const resolution = z.strictObject({
  addon_attachment: z.string(),
  app: z.string().nullish(),
  addon_service: z.string().nullish(),
  namespace: z.string().nullish(),
});

export function attachmentRoutes(platform: HerokuPlatform): Hono {
  const { store, addons } = platform;
  const api = new Hono();

  const appOf = (context: Context): AppRecord => store.app(context.req.param("app") ?? "");
  const shape = (context: Context, attachment: AttachmentRecord) =>
    attachmentShape(platform, attachment, context.req.header("accept-inclusion") ?? "");
  const list = (context: Context, found: readonly AttachmentRecord[]): Response =>
    rangeOf(
      context,
      found.map((attachment) => shape(context, attachment)),
      ["id", "name"],
    );

  api.get("/addon-attachments", (context) => list(context, store.model.attachments));
  api.get("/addon-attachments/:attachment", (context) =>
    context.json(shape(context, store.attachment(context.req.param("attachment")))),
  );
  api.get("/apps/:app/addon-attachments", (context) => list(context, store.attachmentsOf(appOf(context))));
  api.get("/apps/:app/addon-attachments/:attachment", (context) =>
    context.json(shape(context, store.attachment(context.req.param("attachment"), appOf(context)))),
  );
  api.get("/addons/:addon/addon-attachments", (context) => {
    const addon = store.addon(context.req.param("addon"));
    return list(
      context,
      store.model.attachments.filter(({ addonId }) => addonId === addon.id),
    );
  });

  api.post("/addon-attachments", async (context) => {
    const asked = await bodyOf(context, creation);
    const app = store.app(asked.app);
    const addon = store.addon(asked.addon);
    const taken = store.attachmentsOf(app).find(({ name }) => name === asked.name);
    if (taken !== undefined) {
      if (asked.confirm !== app.name) {
        const message = `${taken.name} is in use. Confirm with the app's name to take it over.`;
        throw new ApiError(423, "confirmation_required", message);
      }
      await addons.detach(taken);
    }
    const attachment = await addons.attach(addon, app, {
      name: asked.name ?? undefined,
      namespace: asked.namespace,
    });
    return context.json(shape(context, attachment), 201);
  });

  api.delete("/addon-attachments/:attachment", async (context) => {
    const attachment = store.attachment(context.req.param("attachment"));
    const gone = shape(context, attachment);
    await addons.detach(attachment);
    return context.json(gone);
  });

  api.post("/actions/addon-attachments/resolve", async (context) => {
    const asked = await bodyOf(context, resolution);
    const among = asked.app ? store.attachmentsOf(store.app(asked.app)) : store.model.attachments;
    const found = among.filter(({ id, name, addonId }) => {
      const addon = store.addon(addonId);
      const names = [id, name, `${name}_URL`, addon.name, addon.id];
      return (
        names.includes(asked.addon_attachment) &&
        (!asked.addon_service || addon.service === asked.addon_service)
      );
    });
    if (found.length === 0) throw notFound("addon_attachment");
    return context.json(found.map((attachment) => shape(context, attachment)));
  });

  return api;
}
