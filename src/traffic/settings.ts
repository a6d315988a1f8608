import { z } from "zod";
import { canonicalName, encodeName, isWithin } from "../base/dns/name.ts";
import { parseServerAddress } from "./address.ts";

/** A domain name of at least one label, in its one spelling: lower case, no trailing dot. */
const domainName = z.string().transform((text, context) => {
  try {
    encodeName(text);
    const name = canonicalName(text);
    if (name !== ".") return name;
  } catch {
    // Falls through to the issue.
  }
  context.issues.push({
    code: "custom",
    message: "must be a domain name, e.g. www.example.com",
    input: text,
  });
  return z.NEVER;
});

const serverAddress = z
  .string()
  .refine((text) => parseServerAddress(text) !== undefined, "must be ADDRESS:PORT, e.g. 192.0.2.1:53");

/** A key that signs updates. The secret is a secret. */
export const tsigKeySchema = z.strictObject({
  name: domainName,
  algorithm: z.enum(["hmac-sha256", "hmac-sha384", "hmac-sha512"]).default("hmac-sha256"),
  secret: z.base64().min(1).describe("Base64, as tsig-keygen and keymgr print it."),
});

/** A zone on name servers of one's own, or of a provider that takes dynamic updates (RFC 2136). */
const rfc2136Schema = z
  .strictObject({
    type: z.literal("rfc2136"),
    zone: domainName.describe("The zone that the names are in, e.g. example.com."),
    names: z
      .array(domainName)
      .min(1)
      .readonly()
      .describe("Host names that lead to the app. The ledger stands at _understudy.<the first>."),
    ttlSeconds: z
      .int()
      .min(0)
      .max(86_400)
      .default(30)
      .describe("How long resolvers may keep an answer: users follow a cutover after at most that."),
    servers: z
      .array(serverAddress)
      .min(1)
      .readonly()
      .describe(
        "All authoritative servers, as ADDRESS:PORT. Addresses rather than names: no DNS is needed to use them.",
      ),
    primary: serverAddress
      .exactOptional()
      .describe("The server that takes updates. Default: the first of servers."),
    key: tsigKeySchema.exactOptional().describe("Needed for changes, not for reading."),
  })
  .superRefine(({ zone, names }, context) => {
    names.forEach((name, index) => {
      const message = isWithin(name, zone)
        ? index === 0 && name.startsWith("*.")
          ? "a wildcard can't be the first name: the ledger stands beside it"
          : names.indexOf(name) < index
            ? "is named twice"
            : undefined
        : `is not in the zone ${zone}`;
      if (message !== undefined) {
        context.addIssue({ code: "custom", path: ["names", index], message: `${name} ${message}` });
      }
    });
  });

/** Where an app's records are, by the kind of DNS provider. */
export const zoneSettingsSchema = z.discriminatedUnion("type", [rfc2136Schema]);
export type ZoneSettingsInput = z.input<typeof zoneSettingsSchema>;
export type ZoneSettings = Readonly<z.output<typeof zoneSettingsSchema>>;
export type Rfc2136Settings = Readonly<z.output<typeof rfc2136Schema>>;

/** The name of the ledger's record. */
export function ledgerName(settings: Pick<ZoneSettings, "names">): string {
  return `_understudy.${settings.names[0]}`;
}
