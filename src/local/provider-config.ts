import { readFile } from "node:fs/promises";
import { z } from "zod";
import { InputError, messageOf, UnderstudyError } from "../base/errors.ts";

const port = z.int().min(0).max(65535);
const loopback = z.string().regex(/^127\.\d+\.\d+\.\d+$/, "must be a loopback address, 127.x.x.x");

/** What a provider process is started with. The file holds secrets: mode 600. */
const providerConfigSchema = z.strictObject({
  version: z.literal(1),
  name: z.enum(["heroku", "cloudfoundry"]),
  /** Of its runtime. */
  folder: z.string(),
  api: z.strictObject({ address: loopback, port }),
  /** Where it takes faults; asked for with the token. */
  admin: z.strictObject({ address: loopback, port, token: z.string().min(16) }),
  router: z.strictObject({ address: loopback, port }),
  dnsZone: z.string(),
  credentials: z.strictObject({ username: z.string(), secret: z.string().min(8) }),
});

export type ProviderConfig = Readonly<z.output<typeof providerConfigSchema>>;

/** Reads and checks a configuration file; errors name it and never show a value. */
export async function readProviderConfig(file: string): Promise<ProviderConfig> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, "utf8"));
  } catch (error) {
    const what = error instanceof SyntaxError ? "it is not JSON" : messageOf(error);
    throw new UnderstudyError(`The provider's configuration can't be read: ${what}.`, {
      code: "bad-provider-config",
      path: file,
      cause: error,
    });
  }
  const parsed = providerConfigSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new InputError(
    parsed.error.issues.map((issue) => ({
      code: "bad-provider-config",
      message: issue.message,
      path: issue.path.join("."),
      file,
    })),
  );
}
