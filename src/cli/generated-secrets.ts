import { randomBytes } from "node:crypto";
import type { App } from "../app/schema.ts";
import { isJsonObject } from "../base/json.ts";
import { Stack } from "../engine/stack.ts";

const key = "understudy:secrets";

/**
 * Makes the secrets that nobody has to know, once, the same for all sites: another value on the mirror would log out every
 * user at a cutover. Those that a stack has already are kept, and given to the others. Gives the names of new ones.
 */
export async function makeSecrets(
  projectDir: string,
  stacks: readonly string[],
  app: App,
): Promise<readonly string[]> {
  const names = Object.keys(app.secrets).filter((name) => app.secrets[name]?.generate === true);
  if (names.length === 0) return [];
  const values = new Map<string, string>();
  for (const name of stacks) {
    const stack = await Stack.open({ projectDir, stack: name });
    const known = (await stack.configValues()).get(key)?.value;
    for (const secret of names) {
      const value = isJsonObject(known) ? known[secret] : undefined;
      if (typeof value === "string" && !values.has(secret)) values.set(secret, value);
    }
  }
  const made = names.filter((name) => !values.has(name));
  for (const name of made) values.set(name, randomBytes(32).toString("hex"));
  for (const name of stacks) {
    const stack = await Stack.open({ projectDir, stack: name });
    const crypter = await stack.crypter();
    stack.config.encryptionSalt = crypter.salt;
    for (const [secret, value] of values) stack.config.set(key, { secure: crypter.encrypt(value) }, [secret]);
    await stack.config.save();
  }
  return made;
}
