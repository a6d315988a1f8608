import { z } from "zod";

// Kept on disk between runs of the provider, so it is checked when it is read. The platform changes these values in
// place and saves the whole; nothing outside src/local/heroku sees them.

const timestamp = z.string();

const formationSchema = z.object({
  id: z.string(),
  type: z.string(),
  quantity: z.int(),
  size: z.string(),
  createdAt: timestamp,
  updatedAt: timestamp,
});

const releaseSchema = z.object({
  id: z.string(),
  version: z.int(),
  status: z.enum(["pending", "succeeded", "failed"]),
  description: z.string(),
  slugId: z.string().nullable(),
  /** The app's own config vars from this release on; those of add-ons are not part of it. */
  config: z.record(z.string(), z.string()),
  addonPlans: z.array(z.string()),
  /** Of the release command; null when none ran. */
  output: z.string().nullable(),
  createdAt: timestamp,
  updatedAt: timestamp,
});

const slugSchema = z.object({
  id: z.string(),
  /** Of the runtime's builder; null until the content was uploaded. */
  built: z.string().nullable(),
  processTypes: z.record(z.string(), z.string()),
  buildpack: z.string().nullable(),
  commit: z.string().nullable(),
  stack: z.string(),
  size: z.int().nullable(),
  createdAt: timestamp,
});

const buildSchema = z.object({
  id: z.string(),
  status: z.enum(["pending", "succeeded", "failed"]),
  source: z.object({ url: z.string(), version: z.string().nullable(), checksum: z.string().nullable() }),
  buildpacks: z.array(z.string()),
  stack: z.string(),
  slugId: z.string().nullable(),
  releaseId: z.string().nullable(),
  output: z.string(),
  createdAt: timestamp,
  updatedAt: timestamp,
});

const domainSchema = z.object({
  id: z.string(),
  hostname: z.string(),
  kind: z.enum(["heroku", "custom"]),
  cname: z.string().nullable(),
  createdAt: timestamp,
});

const drainSchema = z.object({ id: z.string(), url: z.string(), token: z.string(), createdAt: timestamp });

const appSchema = z.object({
  id: z.string(),
  name: z.string(),
  /** First label of its web_url. */
  host: z.string(),
  region: z.string(),
  stack: z.string(),
  buildStack: z.string(),
  maintenance: z.boolean(),
  acm: z.boolean(),
  features: z.array(z.string()),
  buildpacks: z.array(z.string()),
  formation: z.array(formationSchema),
  releases: z.array(releaseSchema),
  slugs: z.array(slugSchema),
  builds: z.array(buildSchema),
  domains: z.array(domainSchema),
  drains: z.array(drainSchema),
  createdAt: timestamp,
  updatedAt: timestamp,
  releasedAt: timestamp.nullable(),
});

const addonSchema = z.object({
  id: z.string(),
  name: z.string(),
  /** The app that pays for it; others may have it attached. */
  appId: z.string(),
  service: z.string(),
  plan: z.string(),
  state: z.enum(["provisioning", "provisioned"]),
  config: z.record(z.string(), z.string()),
  /** Where it is reached now; null while it is provisioned. A secret. */
  url: z.string().nullable(),
  createdAt: timestamp,
  updatedAt: timestamp,
});

const attachmentSchema = z.object({
  id: z.string(),
  name: z.string(),
  addonId: z.string(),
  appId: z.string(),
  namespace: z.string().nullable(),
  createdAt: timestamp,
});

export const modelSchema = z.object({
  version: z.literal(1),
  account: z.object({ id: z.string(), createdAt: timestamp }),
  apps: z.array(appSchema),
  addons: z.array(addonSchema),
  attachments: z.array(attachmentSchema),
});

export type Model = z.output<typeof modelSchema>;
export type AppRecord = Model["apps"][number];
export type FormationRecord = AppRecord["formation"][number];
export type ReleaseRecord = AppRecord["releases"][number];
export type SlugRecord = AppRecord["slugs"][number];
export type BuildRecord = AppRecord["builds"][number];
export type DomainRecord = AppRecord["domains"][number];
export type DrainRecord = AppRecord["drains"][number];
export type AddonRecord = Model["addons"][number];
export type AttachmentRecord = Model["attachments"][number];
