import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { EngineEvent, RunSummary } from "../../src/engine/events.ts";
import { RunFailedError } from "../../src/engine/run-failed.ts";
import { openStack, type Stack } from "../../src/engine/stack.ts";
import type { Spec, SpecResource } from "./fixtures/program/spec.ts";
import { Cloud, type Fault, type Thing } from "./fixtures/testcloud/cloud.ts";

const fixtures = fileURLToPath(new URL("./fixtures/", import.meta.url));
const modules = fileURLToPath(new URL("../../node_modules", import.meta.url));

export interface Call {
  readonly method: string;
  readonly name: string;
  readonly at: number;
  readonly [key: string]: unknown;
}

/** A project in a temporary folder with a cloud of its own. */
export class TestProject implements Disposable {
  readonly folder: string;
  readonly cloudFolder: string;
  readonly passphrase = "correct horse";
  readonly env: NodeJS.ProcessEnv;

  constructor(
    options: { readonly program?: string; readonly yaml?: string; readonly env?: NodeJS.ProcessEnv } = {},
  ) {
    this.folder = mkdtempSync(join(tmpdir(), "understudy-engine-"));
    this.cloudFolder = join(this.folder, "cloud");
    mkdirSync(this.cloudFolder);
    const { PULUMI_BACKEND_URL: _, PULUMI_DEBUG_PROVIDERS: __, ...inherited } = process.env;
    this.env = {
      ...inherited,
      TESTCLOUD_DIR: this.cloudFolder,
      ...options.env,
    };
    writeFileSync(join(this.folder, "Pulumi.yaml"), options.yaml ?? defaultYaml);
    writeFileSync(join(this.folder, "package.json"), '{"name": "program", "type": "module"}');
    symlinkSync(modules, join(this.folder, "node_modules"));
    cpSync(join(fixtures, "program"), this.folder, { recursive: true });
    if (options.program !== undefined) this.program(options.program);
    this.write({ resources: [] });
  }

  /** The program's text from now on. */
  program(text: string): void {
    writeFileSync(join(this.folder, "index.ts"), text);
  }

  /** What the program registers from now on. */
  write(spec: Spec | readonly SpecResource[]): void {
    const whole = "resources" in spec ? spec : { resources: spec };
    writeFileSync(join(this.folder, "spec.json"), JSON.stringify(whole));
  }

  stack(name = "dev", options: { readonly passphrase?: string } = {}): Promise<Stack> {
    return openStack({
      projectDir: this.folder,
      stack: name,
      passphrase: options.passphrase ?? this.passphrase,
      env: this.env,
    });
  }

  /** Faults by `method name`; replaces those before. */
  faults(faults: Readonly<Record<string, Fault>>): void {
    writeFileSync(join(this.cloudFolder, "faults.json"), JSON.stringify(faults));
  }

  things(): readonly Thing[] {
    return new Cloud(this.cloudFolder).all();
  }

  /** Changes a thing behind the engine's back. */
  meddle(change: (thing: Thing) => Thing | undefined): void {
    const cloud = new Cloud(this.cloudFolder);
    for (const thing of cloud.all()) {
      const changed = change(thing);
      if (changed === undefined) cloud.remove(thing.id);
      else cloud.put(changed);
    }
  }

  /** Calls of the plugin since the last time this was asked. */
  calls(...methods: readonly string[]): readonly Call[] {
    const file = join(this.cloudFolder, "calls.jsonl");
    if (!existsSync(file)) return [];
    const calls = readFileSync(file, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Call);
    rmSync(file);
    return methods.length === 0 ? calls : calls.filter(({ method }) => methods.includes(method));
  }

  read(path: string): string {
    return readFileSync(join(this.folder, path), "utf8");
  }

  /** Pids of the plugins that ran. */
  plugins(): readonly number[] {
    const file = join(this.cloudFolder, "plugins.txt");
    return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n").map(Number) : [];
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const defaultYaml = `name: shop
runtime: { name: nodejs, options: { typescript: false } }
main: index.ts
plugins:
  providers:
    - { name: testcloud, path: ${join(fixtures, "testcloud")} }
`;

/** The steps of a run that change something, as `kind name`, without providers and the stack itself. */
export function steps(summary: RunSummary): readonly string[] {
  return summary.steps
    .filter(({ type }) => !type.startsWith("pulumi:"))
    .map(({ step, name }) => `${step} ${name}`)
    .sort();
}

/** A run that must fail. */
export async function failing(run: Promise<RunSummary>): Promise<RunFailedError> {
  try {
    await run;
  } catch (error) {
    if (error instanceof RunFailedError) return error;
    throw error;
  }
  throw new Error("The run was expected to fail, and did not.");
}

export function logs(events: readonly EngineEvent[]): string {
  return events.flatMap((event) => (event.kind === "log" ? [event.message] : [])).join("\n");
}
