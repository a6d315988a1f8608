import { readFile } from "node:fs/promises";
import { Decrypter, Encrypter } from "age-encryption";
import { z } from "zod";
import { appSchema } from "../app/schema.ts";
import { InputError, messageOf, UnderstudyError } from "../base/errors.ts";
import { writeFileAtomic } from "../base/file.ts";

const objectSchema = z.record(z.string(), z.json());

const siteSchema = z.strictObject({
  name: z.string(),
  platform: z.string(),
  settings: objectSchema,
  connection: objectSchema,
  traffic: z.strictObject({ type: z.enum(["A", "AAAA", "CNAME"]), values: z.array(z.string()).nonempty() }),
});

const kitSchema = z.strictObject({
  version: z.literal(1),
  /** RFC 3339. */
  madeAt: z.string(),
  app: appSchema,
  /** By name. */
  sites: z.record(z.string(), siteSchema),
  /** Name of the site where the app is at home: `failback` leads there. */
  home: z.string(),
  traffic: z.strictObject({ zone: objectSchema, key: objectSchema }),
});

/** All that a cutover needs, in one value. It holds the sites' credentials in clear: never print it, write it by {@link sealKit}. */
export type Kit = z.output<typeof kitSchema>;
export type KitSite = z.output<typeof siteSchema>;

/** How every file in age's format begins. */
const ageMark = "age-encryption.org/v1\n";

/** Checks a value read from stacks' outputs. Throws InputError with what is missing, never with a value. */
export function parseKit(value: unknown): Kit {
  const result = kitSchema.safeParse(value);
  if (result.success) return result.data;
  throw new InputError(
    result.error.issues.map((issue) => ({
      code: "bad-kit",
      path: issue.path.join("."),
      message: `The kit is not complete: ${issue.message}.`,
      suggestion: "Bring up all stacks, then make it again: understudy kit -o FILE",
    })),
  );
}

/** Writes the kit encrypted under the passphrase (age format, scrypt), readable by its owner alone. */
export async function sealKit(kit: Kit, path: string, passphrase: string): Promise<void> {
  const encrypter = new Encrypter();
  encrypter.setPassphrase(passphrase);
  await writeFileAtomic(path, await encrypter.encrypt(JSON.stringify(kit)), { mode: 0o600 });
}

/** Opens a sealed kit. */
export async function openKit(path: string, passphrase: string): Promise<Kit> {
  let sealed: Uint8Array;
  try {
    sealed = await readFile(path);
  } catch (error) {
    throw new UnderstudyError(`The kit '${path}' can't be read: ${messageOf(error)}`, {
      code: "no-kit",
      path,
      cause: error,
      suggestion: "Make one while all is well: understudy kit -o FILE; name it with --kit FILE.",
    });
  }
  if (!Buffer.from(sealed).toString("latin1").startsWith(ageMark)) {
    throw new UnderstudyError(`The file '${path}' is no kit.`, {
      code: "no-kit",
      path,
      suggestion: "Take another copy, or make it anew: understudy kit -o FILE; name it with --kit FILE.",
    });
  }
  const decrypter = new Decrypter();
  decrypter.addPassphrase(passphrase);
  let text: string;
  try {
    text = await decrypter.decrypt(sealed, "text");
  } catch (error) {
    throw new UnderstudyError(`The kit '${path}' can't be opened with this passphrase.`, {
      code: "kit-sealed",
      path,
      cause: error,
      suggestion:
        "Set UNDERSTUDY_PASSPHRASE to the one that it was made with; if that is so, the file is damaged: take another copy.",
    });
  }
  return parseKit(JSON.parse(text));
}
