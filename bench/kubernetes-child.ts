// One run of the offline engine against a cluster, in a process of its own: FOLDER. Prints one JSON object.
import { standIn } from "../src/cli/stand-in.ts";
import { openStack } from "../src/engine/stack.ts";

const [projectDir = "."] = process.argv.slice(2);
const stack = await openStack({ projectDir, stack: "bench", passphrase: "bench", standIns: standIn });
const startedAt = performance.now();
const summary = await stack.up({ onEvent: () => {} });
process.stdout.write(
  JSON.stringify({
    counts: summary.counts,
    seconds: (performance.now() - startedAt) / 1000,
    // Kilobytes, on Linux as on macOS (libuv).
    rssMb: process.resourceUsage().maxRSS / 1024,
  }),
);
