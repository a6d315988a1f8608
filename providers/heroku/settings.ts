import { z } from "zod";
import type { App } from "../../src/app/schema.ts";
import { entranceSchema } from "../../src/platform/entrance.ts";

/** Where on Heroku a site stands. Nothing here is secret. */
export const settingsSchema = z.strictObject({
  app: z
    .string()
    .regex(
      /^[a-z][a-z0-9-]{1,28}[a-z0-9]$/,
      "must be 3 to 30 lower-case letters, digits and -, e.g. acme-shop",
    )
    .exactOptional()
    .describe(
      "Name of the Heroku app, unique among all of Heroku. Default: the name of the app's description.",
    ),
  region: z
    .enum(["us", "eu"])
    .exactOptional()
    .describe("Of the Common Runtime. Default: us. Left out with a space."),
  space: z.string().exactOptional().describe("Private space; it settles the region."),
  team: z.string().exactOptional().describe("Team that owns the app. Default: the token's own account."),
  stack: z
    .string()
    .exactOptional()
    .describe("e.g. heroku-24. Default: the description's, else Heroku's own."),
  entrance: entranceSchema
    .exactOptional()
    .describe("Where health is asked, past DNS. Default: where the app's web_url leads."),
});

export type HerokuSettings = z.output<typeof settingsSchema>;

export const connectionSchema = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).default("https://api.heroku.com"),
  token: z.string().min(1).describe("An API key (`heroku authorizations:create`). A secret."),
  dataUrl: z.url({ protocol: /^https?$/ }).default("https://api.data.heroku.com"),
});

export type HerokuConnection = z.output<typeof connectionSchema>;

/** Name of the Heroku app that a site is. */
export function appNameOf(app: App, settings: HerokuSettings): string {
  return settings.app ?? app.name;
}
