import { readFile } from "node:fs/promises";

/** The version in this package's package.json, which lies above the sources, and one level higher above what was built of them. */
export async function packageVersion(): Promise<string> {
  for (const path of ["../../package.json", "../../../package.json"]) {
    const text = await readFile(new URL(path, import.meta.url), "utf8").catch(() => undefined);
    if (text !== undefined) return (JSON.parse(text) as { readonly version: string }).version;
  }
  return "0.0.0";
}
