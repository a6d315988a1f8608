import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";

export async function isExecutable(path: string): Promise<boolean> {
  return await access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** Full path of a command, looked for in PATH and then in the folders given; undefined when it is in none. */
export async function findCommand(
  name: string,
  folders: readonly string[] = [],
): Promise<string | undefined> {
  const path = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  for (const folder of [...path, ...folders]) {
    const candidate = join(folder, name);
    if (await isExecutable(candidate)) return candidate;
  }
  return undefined;
}
