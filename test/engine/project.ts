import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { vi } from "vitest";
import type { EngineEvent, RunSummary } from "../../src/engine/events.ts";
import { RunFailedError } from "../../src/engine/run-failed.ts";
import { openStack, type Stack } from "../../src/engine/stack.ts";
import type { Spec, SpecResource } from "./fixtures/program/spec.ts";
import { Cloud, type Fault, type Thing } from "./fixtures/testcloud/cloud.ts";

// A run is an engine, a program and a plugin, and a test has several: many seconds each on a machine that has much else to do.
vi.setConfig({ testTimeout: 300_000 });

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
  /** How many of the plugin's calls have been given out. */
  #known = 0;

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

  /** Faults by `method name`; replaces those before, also under a plugin that reads them. */
  faults(faults: Readonly<Record<string, Fault>>): void {
    const file = join(this.cloudFolder, "faults.json");
    writeFileSync(`${file}.new`, JSON.stringify(faults));
    renameSync(`${file}.new`, file);
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

  /** Calls of the plugin since the last time this was asked; it may be writing down another. */
  calls(...methods: readonly string[]): readonly Call[] {
    const file = join(this.cloudFolder, "calls.jsonl");
    if (!existsSync(file)) return [];
    const lines = readFileSync(file, "utf8").split("\n").slice(0, -1);
    const calls = lines.slice(this.#known).map((line) => JSON.parse(line) as Call);
    this.#known = lines.length;
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

/** Waits until a condition holds. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(20);
}

/** Calls of a project's plugin so far, kept across looks. */
export function watch(project: TestProject): (...methods: readonly string[]) => readonly Call[] {
  const seen: Call[] = [];
  return (...methods) => {
    seen.push(...project.calls());
    return seen.filter(({ method }) => methods.includes(method));
  };
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
