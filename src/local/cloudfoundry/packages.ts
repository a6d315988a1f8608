import { type Context, Hono } from "hono";
import { z } from "zod";
import { body, toOneSchema } from "./body.ts";
import { type Cloud, find, link, resource, toOne, touch } from "./cloud.ts";
import { unprocessable } from "./errors.ts";
import { startJob } from "./jobs.ts";
import { by, list } from "./list.ts";
import { mergeMetadata, metadataSchema, presentHead, presentMetadata } from "./metadata.ts";
import type { Package } from "./model.ts";

const createSchema = z.strictObject({
  type: z.enum(["bits", "docker"]),
  relationships: z.strictObject({ app: toOneSchema }),
  data: z
    .strictObject({ image: z.string(), username: z.string().optional(), password: z.string().optional() })
    .optional(),
  metadata: metadataSchema.optional(),
});

const matchSchema = z.strictObject({
  resources: z
    .array(
      z.strictObject({
        checksum: z.strictObject({ value: z.string() }),
        size_in_bytes: z.int(),
        path: z.string().optional(),
        mode: z.string().optional(),
      }),
    )
    .min(1),
});

function presentPackage(cloud: Cloud, item: Package): object {
  const path = `/v3/packages/${item.guid}`;
  const bits = {
    error: item.error ?? null,
    checksum: { type: "sha256", value: item.checksum ?? null },
  };
  return {
    ...presentHead(item),
    type: item.type,
    data: item.type === "docker" ? { image: item.image, username: null, password: null } : bits,
    state: item.state,
    relationships: { app: toOne(item.app) },
    ...presentMetadata(item),
    links: {
      self: link(cloud, path),
      upload: link(cloud, `${path}/upload`, "POST"),
      download: link(cloud, `${path}/download`, "GET"),
      app: link(cloud, `/v3/apps/${item.app}`),
    },
  };
}

export function packages(cloud: Cloud): Hono {
  const hono = new Hono();
  const { model } = cloud;
  const packageOf = (c: Context) => find(model.packages, c.req.param("guid"), "Package");
  const listed = (c: Context, items: readonly Package[]) =>
    list(c, cloud, items, {
      filters: {
        app_guids: by((item) => item.app),
        states: by((item) => item.state),
        types: by((item) => item.type),
        space_guids: by((item) => model.apps[item.app]?.space),
      },
      present: (item) => presentPackage(cloud, item),
    });

  hono.get("/v3/packages", (c) => listed(c, Object.values(model.packages)));
  hono.get("/v3/apps/:guid/packages", (c) => {
    const app = find(model.apps, c.req.param("guid"), "App");
    return listed(
      c,
      Object.values(model.packages).filter((item) => item.app === app.guid),
    );
  });
  hono.post("/v3/packages", async (c) => {
    const input = await body(c, createSchema);
    const app = input.relationships.app.data.guid;
    if (model.apps[app] === undefined) {
      throw unprocessable("App is invalid. Ensure it exists and you have access to it.");
    }
    if (input.type === "docker" && input.data === undefined) throw unprocessable("Data Image required");
    const item: Package = {
      ...resource(cloud),
      app,
      type: input.type,
      state: input.type === "docker" ? "READY" : "AWAITING_UPLOAD",
      image: input.data?.image,
      checksum: undefined,
      error: undefined,
    };
    mergeMetadata(item, input.metadata);
    model.packages[item.guid] = item;
    cloud.save();
    return c.json(presentPackage(cloud, item), 201);
  });
  hono.get("/v3/packages/:guid", (c) => c.json(presentPackage(cloud, packageOf(c))));
  hono.patch("/v3/packages/:guid", async (c) => {
    const item = packageOf(c);
    const input = await body(c, z.strictObject({ metadata: metadataSchema.optional() }));
    mergeMetadata(item, input.metadata);
    touch(cloud, item);
    return c.json(presentPackage(cloud, item));
  });
  hono.delete("/v3/packages/:guid", (c) => {
    const item = packageOf(c);
    return startJob(cloud, "package.delete", async () => {
      delete model.packages[item.guid];
      await cloud.bits.remove(item.guid);
    });
  });

  hono.post("/v3/packages/:guid/upload", async (c) => {
    const item = packageOf(c);
    if (item.type !== "bits") throw unprocessable("Package type must be bits.");
    if (item.state !== "AWAITING_UPLOAD") {
      throw unprocessable("Bits have already been uploaded");
    }
    const form = await c.req.formData().catch(() => {
      throw unprocessable("Upload must include either resources or bits");
    });
    const bits = form.get("bits");
    if (!(bits instanceof File)) throw unprocessable("Upload must include either resources or bits");
    item.state = "PROCESSING_UPLOAD";
    touch(cloud, item);
    const content = new Uint8Array(await bits.arrayBuffer());
    cloud.background(
      cloud.bits
        .write(item.guid, content)
        .then(
          (checksum) => {
            item.checksum = checksum;
            item.state = "READY";
          },
          () => {
            item.error = "The bits could not be stored.";
            item.state = "FAILED";
          },
        )
        .then(() => touch(cloud, item)),
    );
    return c.json(presentPackage(cloud, item));
  });
  hono.get("/v3/packages/:guid/download", async (c) => {
    const item = packageOf(c);
    if (item.type !== "bits") throw unprocessable("Package type must be bits.");
    if (item.state !== "READY") throw unprocessable("Package has no bits to download.");
    return c.body(new Uint8Array(await cloud.bits.read(item.guid)), 200, {
      "content-type": "application/zip",
    });
  });

  // Nothing is kept of earlier uploads, so nothing ever matches.
  hono.post("/v3/resource_matches", async (c) => {
    await body(c, matchSchema);
    return c.json({ resources: [] }, 201);
  });
  return hono;
}
