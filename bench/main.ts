// Measures what README and the notes speak of: script/bench [NAME...] [--json]
import { parseArgs } from "node:util";
import { benchData } from "./data.ts";
import { benchEngine } from "./engine.ts";
import { type Figures, figure } from "./figure.ts";
import { benchKubernetes } from "./kubernetes.ts";
import { benchRender } from "./render.ts";
import { benchSite } from "./site.ts";
import { benchTraffic } from "./traffic.ts";

async function engine(): Promise<Figures> {
  const runs = [await benchEngine(), await benchEngine(), await benchEngine()];
  return {
    engineResourcesPerSecond: figure(
      runs.map((run) => run.resourcesPerSecond),
      "resources/s",
    ),
    engineColdUp: figure(
      runs.map((run) => run.coldUpSeconds),
      "s",
    ),
    engineNoChangeUp: figure(
      runs.map((run) => run.noChangeSeconds),
      "s",
    ),
    engineMemory: figure(
      runs.map((run) => run.rssMb),
      "MB",
    ),
  };
}

const suites: Readonly<Record<string, () => Promise<Figures>>> = {
  render: benchRender,
  engine,
  traffic: benchTraffic,
  data: benchData,
  site: benchSite,
  kubernetes: benchKubernetes,
};

const { values, positionals } = parseArgs({ options: { json: { type: "boolean" } }, allowPositionals: true });
const unknown = positionals.filter((name) => !Object.hasOwn(suites, name));
if (unknown.length > 0) {
  process.stderr.write(
    `There is no bench '${unknown.join("', '")}'; there are: ${Object.keys(suites).join(", ")}.\n`,
  );
  process.exit(2);
}
const names = positionals.length === 0 ? Object.keys(suites) : positionals;
const all: Record<string, Figures[string]> = {};
for (const name of names) {
  process.stderr.write(`measuring ${name}\n`);
  Object.assign(all, await suites[name]?.());
}
if (values.json === true) process.stdout.write(`${JSON.stringify(all)}\n`);
else {
  for (const [name, { median, p95, unit, n, rival }] of Object.entries(all)) {
    const against =
      rival === undefined ? "" : `   ${rival.name}: ${rival.median.toFixed(1)} (p95 ${rival.p95.toFixed(1)})`;
    process.stdout.write(
      `${name.padEnd(28)} ${median.toFixed(1).padStart(9)} ${unit} (p95 ${p95.toFixed(1)}, n ${n})${against}\n`,
    );
  }
}
