import { z } from "zod";

// What is read of the API's answers; they hold more.

const named = z.object({ id: z.string(), name: z.string() });

export const appShape = z.object({
  id: z.string(),
  name: z.string(),
  maintenance: z.boolean(),
  region: named,
  build_stack: named,
  team: named.nullish(),
  space: named.nullish(),
  web_url: z.string().nullable(),
});

export const configShape = z.record(z.string(), z.string());

export const releaseShape = z.object({
  id: z.string(),
  version: z.int(),
  status: z.enum(["pending", "succeeded", "failed"]),
  current: z.boolean().default(false),
  slug: z.object({ id: z.string() }).nullable(),
  output_stream_url: z.string().nullish(),
});
export type Release = z.output<typeof releaseShape>;

export const buildShape = z.object({
  id: z.string(),
  status: z.enum(["pending", "succeeded", "failed"]),
  slug: z.object({ id: z.string() }).nullable(),
  release: z.object({ id: z.string() }).nullable(),
  source_blob: z.object({ url: z.string(), version: z.string().nullish() }),
  output_stream_url: z.string(),
});
export type Build = z.output<typeof buildShape>;

export const sourceShape = z.object({
  source_blob: z.object({ get_url: z.string(), put_url: z.string() }),
});

export const formationShape = z.object({
  type: z.string(),
  command: z.string(),
  quantity: z.int(),
  size: z.string(),
});
export type Formation = z.output<typeof formationShape>;

export const dynoShape = z.object({
  name: z.string(),
  type: z.string(),
  state: z.string(),
  command: z.string(),
  release: z.object({ version: z.int() }).nullish(),
});
export type Dyno = z.output<typeof dynoShape>;

export const addonShape = z.object({
  id: z.string(),
  name: z.string(),
  app: named,
  plan: named,
  state: z.string(),
  config_vars: z.array(z.string()),
});
export type Addon = z.output<typeof addonShape>;

export const attachmentShape = z.object({
  id: z.string(),
  name: z.string(),
  addon: z.object({ id: z.string() }),
  app: named,
});

export const domainShape = z.object({
  id: z.string(),
  hostname: z.string(),
  kind: z.string(),
  cname: z.string().nullable(),
  status: z.string(),
});

export const drainShape = z.object({ id: z.string(), url: z.string(), token: z.string() });

export const buildpackShape = z.object({ buildpack: z.object({ url: z.string(), name: z.string() }) });

export const logSessionShape = z.object({ logplex_url: z.string() });
