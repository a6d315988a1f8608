import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { UnderstudyError } from "../src/base/errors.ts";
import { run } from "../src/base/run.ts";

const resources = 500;
const plugin = fileURLToPath(new URL("../test/engine/fixtures/testcloud", import.meta.url));
const modules = fileURLToPath(new URL("../node_modules", import.meta.url));
const child = fileURLToPath(new URL("./engine-child.ts", import.meta.url));

const program = `import * as pulumi from "@pulumi/pulumi";
class Thing extends pulumi.CustomResource {
  constructor(name: string, args: object) {
    super("testcloud:index:Thing", name, { arn: undefined, ...args });
  }
}
for (let index = 0; index < ${resources}; index++) new Thing("thing-" + index, { name: "t" + index, value: index });
`;

const project = `name: bench
runtime: { name: nodejs, options: { typescript: false } }
main: index.ts
plugins:
  providers:
    - { name: testcloud, path: ${plugin} }
`;

/** What the offline engine takes for a program of {@link resources} trivial resources and a plugin that only answers. */
export interface EngineFigures {
  /** From the first step's beginning to the last one's end of a cold `up`. */
  readonly resourcesPerSecond: number;
  /** The whole cold `up`: key, program, plugin, all resources, state. */
  readonly coldUpSeconds: number;
  readonly noChangeSeconds: number;
  /** The most memory that the engine's process held, megabytes. */
  readonly rssMb: number;
}

interface ChildResult {
  readonly counts: Readonly<Record<string, number>>;
  readonly seconds: number;
  readonly stepSeconds: number;
  readonly rssMb: number;
}

async function up(folder: string): Promise<ChildResult> {
  const { stdout } = await run(process.execPath, [child, folder], {
    // Without a folder the plugin's cloud is in its memory.
    env: { TESTCLOUD_DIR: "", PULUMI_BACKEND_URL: "", PULUMI_DEBUG_PROVIDERS: "" },
  });
  return JSON.parse(stdout) as ChildResult;
}

function expectCount(result: ChildResult, step: string, count: number): void {
  if (result.counts[step] === count) return;
  throw new UnderstudyError(`The run had ${result.counts[step] ?? 0} resources to ${step}, not ${count}.`, {
    code: "bench-wrong",
  });
}

/** Measures a cold `up` and one without changes. */
export async function benchEngine(): Promise<EngineFigures> {
  const folder = await mkdtemp(join(tmpdir(), "understudy-bench-"));
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "Pulumi.yaml"), project);
    await writeFile(join(folder, "package.json"), '{"name": "bench", "type": "module"}');
    await writeFile(join(folder, "index.ts"), program);
    await symlink(modules, join(folder, "node_modules"));
    const cold = await up(folder);
    // With them, the stack itself and the plugin's provider.
    expectCount(cold, "create", resources + 2);
    const again = await up(folder);
    expectCount(again, "same", resources + 2);
    return {
      resourcesPerSecond: resources / cold.stepSeconds,
      coldUpSeconds: cold.seconds,
      noChangeSeconds: again.seconds,
      rssMb: Math.max(cold.rssMb, again.rssMb),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
