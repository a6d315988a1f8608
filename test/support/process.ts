import { readdir, readFile, readlink } from "node:fs/promises";

/** Whether a process runs (a zombie doesn't). */
export async function runs(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => undefined);
  return stat !== undefined && stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3) !== "Z";
}

/** Command lines of all processes that have a text, e.g. a folder, in their arguments, environment or working folder. */
export async function processesNaming(text: string): Promise<readonly string[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    pids.map(async (pid) => {
      const argv = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
      const environment = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
      const folder = await readlink(`/proc/${pid}/cwd`).catch(() => "");
      const places = [argv, environment, folder];
      return places.some((place) => place.includes(text)) ? argv.replaceAll("\0", " ").trim() : "";
    }),
  );
  return lines.filter((line) => line !== "");
}

/** Looks again and again until something holds; the error names what did not. */
export async function eventually(
  what: string,
  look: () => boolean | Promise<boolean>,
  limitMs = 120_000,
): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await look())) {
    if (performance.now() > end) throw new Error(`It did not come about within ${limitMs / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
