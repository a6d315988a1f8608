import { readFile } from "node:fs/promises";
import { messageOf, UnderstudyError } from "../base/errors.ts";

/**
 * The passphrase as Pulumi finds it: PULUMI_CONFIG_PASSPHRASE (which may be empty), else the file named by
 * PULUMI_CONFIG_PASSPHRASE_FILE. Throws `no-passphrase` when neither is set.
 */
export async function passphraseFrom(env: Readonly<Record<string, string | undefined>>): Promise<string> {
  if (env.PULUMI_CONFIG_PASSPHRASE !== undefined) return env.PULUMI_CONFIG_PASSPHRASE;
  const file = env.PULUMI_CONFIG_PASSPHRASE_FILE;
  if (file === undefined || file === "") {
    throw new UnderstudyError("There is no passphrase for this stack's secrets.", {
      code: "no-passphrase",
      suggestion: "Set PULUMI_CONFIG_PASSPHRASE, or PULUMI_CONFIG_PASSPHRASE_FILE to a file that holds it.",
    });
  }
  try {
    return (await readFile(file, "utf8")).trim();
  } catch (error) {
    throw new UnderstudyError(`The passphrase file can't be read: ${messageOf(error)}`, {
      code: "no-passphrase",
      path: file,
      cause: error,
      suggestion: "Correct PULUMI_CONFIG_PASSPHRASE_FILE, or set PULUMI_CONFIG_PASSPHRASE instead.",
    });
  }
}
