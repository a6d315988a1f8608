import { RefusedError, UnderstudyError } from "../base/errors.ts";
import { Backend, checkStackName, type StackName } from "./backend.ts";
import { backendFolder } from "./backend-folder.ts";
import { type ConfigValues, StackConfig } from "./config.ts";
import { formatExport, parseCheckpoint, parseExport } from "./deployment-file.ts";
import type { RunSummary, StackOutputs } from "./events.ts";
import { removeJournal } from "./journal.ts";
import { Keyring } from "./keyring.ts";
import { breakLocks, type Lock, takeLock } from "./lock.ts";
import { passphraseFrom } from "./passphrase.ts";
import type { StandIns } from "./plugin-path.ts";
import { type Project, readProject } from "./project.ts";
import type { RunSettings } from "./runs.ts";
import type { Crypter } from "./secrets.ts";
import type { Change, Snapshot } from "./snapshot.ts";
import { type DestroyOptions, defaultParallel, type RunOptions, type StackEngine } from "./stack-engine.ts";
import { outputsOf, stackOutputs } from "./stack-outputs.ts";
import {
  deploymentOf,
  formatState,
  readState,
  StateSession,
  type StoredState,
  snapshotOf,
} from "./state-session.ts";
import { parseUrn } from "./urn.ts";
import type { Properties } from "./values.ts";

/** Which stack, and how to get at its state. */
export interface StackOptions {
  /** The folder of Pulumi.yaml. */
  readonly projectDir: string;
  readonly stack: string;
  /** @default from PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE */
  readonly passphrase?: string;
  /** Folder of the state. @default see {@link backendFolder} */
  readonly backendDir?: string;
  /** For the program and plugins too. @default process.env */
  readonly env?: NodeJS.ProcessEnv;
  /** What serves packages whose plugins aren't installed. @default nothing */
  readonly standIns?: StandIns;
}

/** Loaded when something is run: what only looks at the state should not wait for gRPC. */
const loadRuns = () => import("./runs.ts");

/** One stack of a Pulumi project, run without the Pulumi CLI. */
export class Stack implements StackEngine {
  readonly project: Project;
  readonly name: StackName;
  /** The stack's settings file. */
  readonly config: StackConfig;
  readonly #backend: Backend;
  readonly #env: NodeJS.ProcessEnv;
  readonly #keyring: Keyring;
  readonly #standIns: StandIns | undefined;

  private constructor(project: Project, config: StackConfig, options: StackOptions) {
    this.project = project;
    this.name = { project: project.name, stack: options.stack };
    this.config = config;
    this.#env = options.env ?? process.env;
    this.#backend = new Backend(backendFolder(project, this.#env, options.backendDir));
    this.#standIns = options.standIns;
    this.#keyring = new Keyring(async () => options.passphrase ?? passphraseFrom(this.#env));
  }

  /** Reads the project and the stack's settings; the state is read by each operation. */
  static async open(options: StackOptions): Promise<Stack> {
    checkStackName(options.stack);
    const project = await readProject(options.projectDir);
    return new Stack(project, await StackConfig.read(project, options.stack), options);
  }

  /** Where the state lies. */
  get statePath(): string {
    return this.#backend.statePath(this.name);
  }

  /** What the stack's state is written with: the salt of its settings, else that of its state, else a new one. */
  async crypter(): Promise<Crypter> {
    const salt = this.config.encryptionSalt;
    if (salt !== undefined) return this.#keyring.of(salt);
    const text = await this.#backend.read(this.name);
    const state = text === undefined ? undefined : parseCheckpoint(text, this.statePath);
    return this.#crypterFor(state?.secrets_providers?.state?.salt);
  }

  #crypterFor(salt: string | undefined): Promise<Crypter> {
    return salt === undefined ? this.#keyring.fresh() : this.#keyring.of(salt);
  }

  async configValues(): Promise<ConfigValues> {
    return this.config.values(await this.crypter());
  }

  async #readState(): Promise<StoredState> {
    const state = await readState(this.#backend, this.name, (salt) => this.#crypterFor(salt));
    this.#refuseForeign(state.snapshot, this.statePath);
    return state;
  }

  #refuseForeign(snapshot: Snapshot, path: string): void {
    const { project, stack } = this.name;
    const foreign = snapshot.resources().find(({ urn }) => {
      const parts = parseUrn(urn);
      return parts?.project !== project || parts.stack !== stack;
    });
    if (foreign === undefined) return;
    throw new UnderstudyError(`This state is not of ${project}/${stack}: it holds ${foreign.urn}.`, {
      code: "state-of-another-stack",
      path,
      suggestion: "Look for the right file or the right --cwd; a stack can't be renamed by importing it.",
    });
  }

  #settings(options: RunOptions, config: ConfigValues): RunSettings {
    return {
      project: this.project,
      stack: this.name.stack,
      config,
      env: this.#env,
      parallel: options.parallel ?? defaultParallel,
      onEvent: options.onEvent ?? (() => {}),
      signal: options.signal ?? new AbortController().signal,
      killSignal: options.killSignal ?? new AbortController().signal,
      outputsOf: (reference) => this.#outputsOfOther(reference),
      standIns: this.#standIns,
    };
  }

  /** Outputs of another stack of the same backend, with secrets in their wrapper. */
  async #outputsOfOther(reference: string): Promise<Properties> {
    const parts = reference.split("/");
    const stack = checkStackName(parts.at(-1) ?? "");
    const name = { project: parts.at(-2) ?? this.name.project, stack };
    return outputsOf(await readState(this.#backend, name, (salt) => this.#crypterFor(salt)), reference);
  }

  #lock(options: RunOptions): Promise<Lock> {
    return takeLock(this.#backend.lockFolder(this.name), (message) =>
      options.onEvent?.({ kind: "log", severity: "warning", message }),
    );
  }

  /** Works on the state under the stack's lock, with the crypter that it is written with. */
  async #withSession(
    options: RunOptions,
    crypter: Crypter,
    work: (session: StateSession, state: StoredState) => Promise<RunSummary>,
  ): Promise<RunSummary> {
    const lock = await this.#lock(options);
    try {
      const state = await this.#readState();
      await this.#keepSalt(crypter);
      if (state.recovered) {
        const message = "The last run broke off; what it had done was taken from its journal.";
        options.onEvent?.({ kind: "log", severity: "warning", message });
      }
      const session = await StateSession.open(this.#backend, this.name, crypter, state);
      try {
        return await work(session, state);
      } finally {
        await session.close();
      }
    } finally {
      await lock.release();
    }
  }

  async #keepSalt(crypter: Crypter): Promise<void> {
    if (this.config.encryptionSalt !== undefined) return;
    this.config.encryptionSalt = crypter.salt;
    await this.config.save();
  }

  async up(options: RunOptions = {}): Promise<RunSummary> {
    const { runUp } = await loadRuns();
    const crypter = await this.crypter();
    const settings = this.#settings(options, this.config.values(crypter, { validate: true }));
    return this.#withSession(options, crypter, (session) => runUp(settings, session, "up"));
  }

  async preview(options: RunOptions = {}): Promise<RunSummary> {
    const { runUp } = await loadRuns();
    const values = this.config.values(await this.crypter(), { validate: true });
    const { snapshot } = await this.#readState();
    const state = { snapshot, commit: async (change: Change) => snapshot.apply(change) };
    return runUp(this.#settings(options, values), state, "preview");
  }

  async refresh(options: RunOptions = {}): Promise<RunSummary> {
    const { runRefresh } = await loadRuns();
    outputsOf(await this.#readState(), this.name.stack);
    const crypter = await this.crypter();
    const settings = this.#settings(options, this.config.values(crypter));
    return this.#withSession(options, crypter, (session) => runRefresh(settings, session));
  }

  async destroy(options: DestroyOptions = {}): Promise<RunSummary> {
    const { runDestroy } = await loadRuns();
    outputsOf(await this.#readState(), this.name.stack);
    const crypter = await this.crypter();
    const settings = this.#settings(options, this.config.values(crypter));
    return this.#withSession(options, crypter, async (session, state) => {
      await options.beforeDestroy?.(stackOutputs(outputsOf(state, this.name.stack)));
      return runDestroy(settings, session);
    });
  }

  async outputs(): Promise<StackOutputs> {
    return stackOutputs(outputsOf(await this.#readState(), this.name.stack));
  }

  async export(): Promise<string> {
    const state = await this.#readState();
    outputsOf(state, this.name.stack);
    return formatExport(deploymentOf(state.snapshot, await this.crypter()));
  }

  /** The state before stays as backup; it need not be readable, so that this mends a broken one. */
  async import(text: string, source: string): Promise<void> {
    const snapshot = await snapshotOf(parseExport(text, source), (salt) => this.#crypterFor(salt));
    this.#refuseForeign(snapshot, source);
    const salt = this.config.encryptionSalt;
    const crypter = salt === undefined ? await this.#keyring.fresh() : await this.#keyring.of(salt);
    const lock = await this.#lock({});
    try {
      await this.#keepSalt(crypter);
      await this.#backend.prepare();
      await removeJournal(this.#backend.journalPath(this.name));
      await this.#backend.write(this.name, formatState(this.#backend, this.name, crypter, snapshot));
    } finally {
      await lock.release();
    }
  }

  /** Forgets the stack's state. Throws `stack-not-empty` when it still has resources, unless forced. */
  async remove(options: { readonly force: boolean }): Promise<void> {
    const lock = await this.#lock({});
    try {
      // A state that can't be read may be forgotten too, but only on demand.
      const state = options.force ? undefined : await this.#readState();
      if (state !== undefined) this.#refuseFull(state);
      await this.#backend.remove(this.name);
    } finally {
      await lock.release();
    }
  }

  #refuseFull(state: StoredState): void {
    outputsOf(state, this.name.stack);
    const left = state.snapshot.resources().length;
    if (left === 0) return;
    throw new RefusedError(`The stack '${this.name.stack}' still has ${left} resources.`, {
      code: "stack-not-empty",
      rule: "a stack with resources is not forgotten",
      suggestion: "Run `understudy destroy` first, or give --force to leave them unmanaged.",
    });
  }

  /** Breaks the stack's locks; gives how many there were. */
  unlock(): Promise<number> {
    return breakLocks(this.#backend.lockFolder(this.name));
  }
}

/** The names of a project's stacks that have a state, sorted. */
export async function listStacks(
  options: Omit<StackOptions, "stack" | "passphrase">,
): Promise<readonly string[]> {
  const project = await readProject(options.projectDir);
  const folder = backendFolder(project, options.env ?? process.env, options.backendDir);
  return new Backend(folder).stacks(project.name);
}

/** Opens one stack of a project. Throws `no-project`, `bad-project`, `bad-stack-config`, `bad-stack-name`. */
export function openStack(options: StackOptions): Promise<Stack> {
  return Stack.open(options);
}
