import { readdir, readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

const sampleMs = 25;

/** Collects the command lines of all processes of the machine, again and again until it is stopped. */
export function watchCommandLines(): { stop(): Promise<ReadonlySet<string>> } {
  const seen = new Set<string>();
  const controller = new AbortController();
  const watching = (async () => {
    while (!controller.signal.aborted) {
      const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
      await Promise.all(
        pids.map(async (pid) => {
          seen.add(await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => ""));
        }),
      );
      await delay(sampleMs, undefined, { signal: controller.signal }).catch(() => {});
    }
  })();
  return {
    async stop() {
      controller.abort();
      await watching;
      return seen;
    },
  };
}
