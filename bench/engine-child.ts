// One run of the offline engine in a process of its own, so that its memory is its own: FOLDER. Prints one JSON object.
import { openStack } from "../src/engine/stack.ts";

const [projectDir = "."] = process.argv.slice(2);
const stack = await openStack({ projectDir, stack: "bench", passphrase: "bench" });
let [first, last] = [0, 0];
const startedAt = performance.now();
const summary = await stack.up({
  onEvent: (event) => {
    if (event.kind === "log" || !event.type.startsWith("testcloud:")) return;
    if (event.kind === "step-start" && first === 0) first = performance.now();
    if (event.kind === "step-end") last = performance.now();
  },
});
const { maxRSS } = process.resourceUsage();
process.stdout.write(
  JSON.stringify({
    counts: summary.counts,
    seconds: (performance.now() - startedAt) / 1000,
    stepSeconds: (last - first) / 1000,
    // Kilobytes, on Linux as on macOS (libuv).
    rssMb: maxRSS / 1024,
  }),
);
