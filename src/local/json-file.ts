import { UnderstudyError } from "../base/errors.ts";
import { readTextIfExists } from "../base/file.ts";

/** The value in one of our own files, or undefined when there is no such file. Throws `damaged-file`. */
export async function readJsonIfExists(path: string): Promise<unknown> {
  const text = await readTextIfExists(path);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new UnderstudyError("A file of the local platforms is damaged: it is not JSON.", {
      code: "damaged-file",
      path,
      cause: error,
      suggestion: "Run 'understudy local down' and 'understudy local up' for a fresh start.",
    });
  }
}
