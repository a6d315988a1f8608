import { readdir, readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

const sampleMs = 40;
/** A process has its final arguments soon after its start, so that older ones need no look. */
const looks = 3;

/** Collects the command lines of all processes of the machine, again and again until it is stopped. */
export function watchCommandLines(): { stop(): Promise<ReadonlySet<string>> } {
  const seen = new Set<string>();
  const looked = new Map<string, number>();
  const controller = new AbortController();
  const look = async (pid: string): Promise<void> => {
    const times = looked.get(pid) ?? 0;
    if (times >= looks) return;
    looked.set(pid, times + 1);
    seen.add(await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => ""));
  };
  const watching = (async () => {
    while (!controller.signal.aborted) {
      await Promise.all((await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(look));
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
