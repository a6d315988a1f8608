import { z } from "zod";
import { entranceSchema } from "../../src/platform/entrance.ts";

const name = z.string().min(1).max(255);

/** Where on a Cloud Foundry a site stands. Nothing here is secret. */
export const settingsSchema = z.strictObject({
  organization: name.default("understudy").describe("Must exist."),
  space: name.default("apps").describe("Must exist."),
  app: name.exactOptional().describe("Default: the app's own name."),
  appsDomain: z
    .string()
    .exactOptional()
    .describe("Domain of the app's default route. Default: the organization's."),
  hostname: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, "must be one DNS label in lower case, e.g. guestbook")
    .exactOptional()
    .describe("Host of the default route. Default: the name of the app there."),
  traffic: z
    .strictObject({ type: z.enum(["A", "AAAA", "CNAME"]), values: z.array(z.string()).nonempty() })
    .exactOptional()
    .describe(
      "What DNS must say to reach the foundation's load balancer. Default: a CNAME to the default route.",
    ),
  entrance: entranceSchema
    .exactOptional()
    .describe("Where health is asked, past DNS. Default: the default route, by https."),
});

export type Settings = z.output<typeof settingsSchema>;

const url = z.url({ protocol: /^https?$/ }).describe("Address of the API, e.g. https://api.example.com.");

/** How a client gets in: as a user, or as a UAA client with the rights of a space developer. */
export const connectionSchema = z.union([
  z.strictObject({ url, username: z.string().min(1), password: z.string().min(1) }),
  z.strictObject({ url, clientId: z.string().min(1), clientSecret: z.string().min(1) }),
]);

export type Connection = z.output<typeof connectionSchema>;
