import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Backend } from "../../src/engine/backend.ts";
import type { RunSummary } from "../../src/engine/events.ts";
import { readProject } from "../../src/engine/project.ts";
import { RunFailedError } from "../../src/engine/run-failed.ts";
import { runUp } from "../../src/engine/runs.ts";
import { Crypter } from "../../src/engine/secrets.ts";
import { readState, StateSession } from "../../src/engine/state-session.ts";
import type { SpecResource } from "./fixtures/program/spec.ts";
import { Cloud } from "./fixtures/testcloud/cloud.ts";
import { expectIntegrity } from "./integrity.ts";
import { steps, TestProject } from "./project.ts";
import { WireProgram } from "./wire-program.ts";

let project: TestProject;
let plugin: ChildProcess;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  project = new TestProject();
  const main = fileURLToPath(new URL("./fixtures/testcloud/main.ts", import.meta.url));
  plugin = spawn(process.execPath, [main, "127.0.0.1:1"], {
    env: project.env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (plugin.stdout === null) throw new Error("no stdout");
  const [port] = (await once(plugin.stdout, "data")) as [Buffer];
  env = { ...project.env, PULUMI_DEBUG_PROVIDERS: `testcloud:${String(port).trim()}` };
});

afterAll(async () => {
  plugin.kill();
  await once(plugin, "exit");
  project[Symbol.dispose]();
});

/** Five names at most, each possibly there, with what it needs among those before it. */
const names = ["a", "b", "c", "d", "e"] as const;
const needs = (index: number): fc.Arbitrary<string | undefined> =>
  index === 0
    ? fc.constant(undefined)
    : fc.option(fc.constantFrom(...names.slice(0, index)), { nil: undefined });
const member = (name: string, index: number): fc.Arbitrary<SpecResource | undefined> =>
  fc.option(
    fc
      .record({
        value: fc.integer({ min: 0, max: 2 }),
        kind: fc.constantFrom("small", "large"),
        deleteFirst: fc.boolean(),
        value2: needs(index),
        kind2: needs(index),
      })
      .map(({ value, kind, deleteFirst, value2, kind2 }) => ({
        name,
        inputs: {
          name: `fixed-${name}`,
          value: value2 === undefined ? value : { $ref: `${value2}.arn` },
          // A change of kind replaces, so this one is replaced along with what it names.
          kind: kind2 === undefined ? kind : { $ref: `${kind2}.arn` },
        },
        options: { deleteBeforeReplace: deleteFirst },
      })),
    { nil: undefined },
  );

/** A program, with nothing that refers to what isn't there. */
const programs: fc.Arbitrary<readonly SpecResource[]> = fc.tuple(...names.map(member)).map((members) => {
  const there: SpecResource[] = [];
  for (const resource of members) {
    if (resource === undefined) continue;
    const missing = Object.values(resource.inputs ?? {}).some((written) => {
      const reference = (written as { readonly $ref?: string }).$ref;
      return reference !== undefined && !there.some(({ name }) => reference === `${name}.arn`);
    });
    if (!missing) there.push(resource);
  }
  return there;
});

interface Made {
  readonly inputs: Readonly<Record<string, unknown>>;
  /** Which one of this name it is: a replacement is another. */
  readonly incarnation: number;
}

/** What must come of a program, given what there is. */
class Model {
  readonly #made = new Map<string, Made>();
  #incarnations = 0;

  /** Goes on to the program, and gives the steps that must be taken. */
  next(program: readonly SpecResource[]): readonly string[] {
    const taken: string[] = [];
    const wanted = new Set(program.map(({ name }) => name));
    for (const { name, inputs = {} } of program) {
      const resolved = Object.fromEntries(
        Object.entries(inputs).map(([key, value]) => [key, this.#resolve(value)]),
      );
      const old = this.#made.get(name);
      const differs = (key: string): boolean => old?.inputs[key] !== resolved[key];
      if (old === undefined) taken.push(`create ${name}`);
      else if (differs("kind")) taken.push(`replace ${name}`);
      else if (differs("value")) taken.push(`update ${name}`);
      const isNew = old === undefined || differs("kind");
      this.#made.set(name, { inputs: resolved, incarnation: isNew ? ++this.#incarnations : old.incarnation });
    }
    for (const name of this.#made.keys()) {
      if (wanted.has(name)) continue;
      this.#made.delete(name);
      taken.push(`delete ${name}`);
    }
    return taken.sort();
  }

  #resolve(value: unknown): unknown {
    const [name = ""] = (value as { readonly $ref?: string }).$ref?.split(".") ?? [];
    return name === "" ? value : `${name} ${this.#made.get(name)?.incarnation}`;
  }
}

/** One stack, run again and again with other programs. */
class Trial implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "understudy-model-"));
  readonly cloud = new Cloud(project.cloudFolder);

  async up(program: readonly SpecResource[]): Promise<RunSummary> {
    const crypter = await Crypter.open(salt, "model");
    const backend = new Backend(this.#folder);
    const name = { project: "shop", stack: "dev" };
    const session = await StateSession.open(
      backend,
      name,
      crypter,
      await readState(backend, name, async () => crypter),
    );
    try {
      const never = new AbortController().signal;
      return await runUp(
        {
          project: await readProject(project.folder),
          stack: "dev",
          config: new Map(),
          env,
          parallel: 4,
          onEvent: () => {},
          signal: never,
          killSignal: never,
          outputsOf: async () => ({}),
          start: WireProgram.of(program),
        },
        session,
        "up",
      );
    } finally {
      await session.close();
      await this.#checkIntegrity();
    }
  }

  /** The state, as another run would find it: nothing pending, each in the order of what it needs. */
  async check(program: readonly SpecResource[]): Promise<void> {
    const backend = new Backend(this.#folder);
    const crypter = await Crypter.open(salt, "model");
    const { snapshot, recovered } = await readState(
      backend,
      { project: "shop", stack: "dev" },
      async () => crypter,
    );
    expect(recovered).toBe(false);
    expect(snapshot.pending()).toEqual([]);
    const things = snapshot.resources().filter(({ type }) => type === "testcloud:index:Thing");
    expect(things.map(({ urn }) => urn.split("::").at(-1)).sort()).toEqual(
      program.map(({ name }) => name).sort(),
    );
    expect(things.map(({ id }) => id).sort()).toEqual(
      this.cloud
        .all()
        .map(({ id }) => id)
        .sort(),
    );
    for (const thing of things) expect(this.cloud.get(thing.id ?? "")?.inputs).toEqual(thing.inputs);
  }

  /** Also a failed run leaves a state that Pulumi would take. */
  async #checkIntegrity(): Promise<void> {
    const crypter = await Crypter.open(salt, "model");
    const state = await readState(
      new Backend(this.#folder),
      { project: "shop", stack: "dev" },
      async () => crypter,
    );
    expectIntegrity(state.snapshot.resources());
  }

  [Symbol.dispose](): void {
    project.faults({});
    for (const { id } of this.cloud.all()) this.cloud.remove(id);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

let salt = "";
beforeAll(async () => {
  salt = (await Crypter.create("model")).salt;
});

test("any sequence of programs takes the steps of the model, and a second run of each takes none", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(programs, { minLength: 1, maxLength: 5 }), async (sequence) => {
      using trial = new Trial();
      const model = new Model();
      for (const program of sequence) {
        expect(steps(await trial.up(program))).toEqual(model.next(program));
        await trial.check(program);
        expect(steps(await trial.up(program))).toEqual([]);
      }
    }),
    { numRuns: 25 },
  );
}, 600_000);

test("after any failure the next good run gets where the program wants", async () => {
  const fault = fc.record({
    method: fc.constantFrom("create", "update", "delete"),
    name: fc.constantFrom(...names),
    how: fc.constantFrom("fail" as const, "partial" as const),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(programs, fault), { minLength: 1, maxLength: 4 }),
      programs,
      async (sequence, last) => {
        using trial = new Trial();
        for (const [program, { method, name, how }] of sequence) {
          project.faults({ [`${method} ${name}`]: how });
          await trial.up(program).catch((error: unknown) => {
            if (!(error instanceof RunFailedError)) throw error;
          });
        }
        project.faults({});
        await trial.up(last);
        await trial.check(last);
        expect(steps(await trial.up(last))).toEqual([]);
      },
    ),
    { numRuns: 25 },
  );
}, 600_000);
