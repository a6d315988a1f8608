import { readFile } from "node:fs/promises";
import { z } from "zod";
import { InputError, messageOf, UnderstudyError } from "../../base/errors.ts";

/** One record as a zone file has it. */
const recordSchema = z.strictObject({
  name: z.string().describe("In full: `*.herokudns.test`, without a trailing dot."),
  type: z.string().describe("A, AAAA, CNAME, TXT, MX, ... or TYPE123."),
  ttlSeconds: z.int().nonnegative().default(30),
  value: z.string().describe('As in a zone file: `127.0.10.1`, `app.herokudns.test`, `"v=spf1 -all"`.'),
});

const zoneSchema = z.strictObject({
  name: z.string().describe("e.g. herokudns.test"),
  records: z
    .array(recordSchema)
    .default([])
    .describe("SOA and NS at the apex are made when they are not given."),
  updateKeys: z
    .array(z.string())
    .default([])
    .describe(
      "Names of the keys that may change the zone. With any, the zone is kept in `folder`, and `records` are only its first content.",
    ),
});

const keySchema = z.strictObject({
  name: z.string(),
  algorithm: z.enum(["hmac-sha256", "hmac-sha384", "hmac-sha512"]).default("hmac-sha256"),
  secret: z.base64().describe("Base64."),
});

const faultSchema = z.enum(["none", "drop", "refuse", "servfail"]);

const faultsSchema = z.strictObject({
  queries: faultSchema.default("none"),
  updates: faultSchema.default("none"),
});

/** What goes wrong on purpose, by kind of request: nothing, no answer at all, or an answer with that rcode. */
export type DnsFaults = Readonly<z.output<typeof faultsSchema>>;

/**
 * The configuration of the local name server: the file that `process.ts` takes, and the options of `startDnsServer`.
 * It holds secrets: keep the file at mode 600.
 *
 * @example
 * {
 *   "address": "127.0.0.1",
 *   "port": 5353,
 *   "folder": "/tmp/local/dns",
 *   "zones": [
 *     { "name": "herokudns.test",
 *       "records": [{ "name": "*.herokudns.test", "type": "A", "ttlSeconds": 30, "value": "127.0.10.1" }] },
 *     { "name": "example.test", "updateKeys": ["understudy"] }
 *   ],
 *   "keys": [{ "name": "understudy", "algorithm": "hmac-sha256", "secret": "<base64>" }]
 * }
 */
export const dnsConfigSchema = z.strictObject({
  address: z
    .string()
    .regex(/^(127\.\d+\.\d+\.\d+|::1)$/, "must be a loopback address: 127.x.x.x or ::1")
    .default("127.0.0.1"),
  port: z.int().min(0).max(65535).default(0).describe("UDP and TCP. 0 = any that is free for both."),
  folder: z.string().optional().describe("Where zones with updateKeys are kept. Default: in memory only."),
  zones: z.array(zoneSchema),
  keys: z.array(keySchema).default([]),
  faults: faultsSchema.prefault({}),
});

export type DnsConfigInput = z.input<typeof dnsConfigSchema>;
export type DnsConfig = z.output<typeof dnsConfigSchema>;
export type RecordConfig = z.output<typeof recordSchema>;

/** Reads a configuration file. Throws `InputError` with every problem, never showing a value, since some are secrets. */
export async function readDnsConfig(file: string): Promise<DnsConfig> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, "utf8"));
  } catch (error) {
    const unreadable = error instanceof SyntaxError ? "is not JSON" : messageOf(error);
    throw new UnderstudyError(`The name server's configuration can't be read: ${unreadable}.`, {
      code: "bad-dns-config",
      path: file,
    });
  }
  const parsed = dnsConfigSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new InputError(
    parsed.error.issues.map((issue) => ({
      code: "bad-dns-config",
      message: issue.message,
      path: issue.path.join("."),
      file,
    })),
  );
}
