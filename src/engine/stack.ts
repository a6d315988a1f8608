import { join, resolve } from "node:path";
import { RefusedError, UnderstudyError, UnsupportedError } from "../base/errors.ts";
import { Backend, checkStackName, type StackName } from "./backend.ts";
import { type ConfigValues, StackConfig } from "./config.ts";
import {
  type Deployment as DeploymentFile,
  formatExport,
  parseCheckpoint,
  parseExport,
} from "./deployment-file.ts";
import type { RunSummary, StackOutputs } from "./events.ts";
import { breakLocks, takeLock } from "./lock.ts";
import { passphraseFrom } from "./passphrase.ts";
import { folderOfFileUrl, type Project, readProject } from "./project.ts";
import { type RunSettings, runDestroy, runRefresh, runUp } from "./runs.ts";
import { Crypter } from "./secrets.ts";
import type { Snapshot } from "./snapshot.ts";
import type { DestroyOptions, RunOptions, StackEngine } from "./stack-engine.ts";
import { outputsOf, stackOutputs } from "./stack-outputs.ts";
import { deploymentOf, readState, StateSession, type StoredState, snapshotOf } from "./state-session.ts";
import { parseUrn } from "./urn.ts";
import type { Properties } from "./values.ts";

/** Which stack, and how to get at its state. */
export interface StackOptions {
  /** The folder of Pulumi.yaml. */
  readonly projectDir: string;
  readonly stack: string;
  /** @default from PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE */
  readonly passphrase?: string;
  /** Folder of the state. @default from PULUMI_BACKEND_URL, else backend.url of Pulumi.yaml, else .understudy/state there */
  readonly backendDir?: string;
  /** For the program and plugins too. @default process.env */
  readonly env?: NodeJS.ProcessEnv;
}

function backendFolder(options: StackOptions, project: Project): string {
  if (options.backendDir !== undefined) return resolve(options.backendDir);
  const url = (options.env ?? process.env).PULUMI_BACKEND_URL;
  if (url === undefined || url === "")
    return project.backendFolder ?? join(project.root, ".understudy", "state");
  const folder = folderOfFileUrl(url, project.root);
  if (folder !== undefined) return folder;
  throw new UnsupportedError(
    "The offline engine keeps state in files, and PULUMI_BACKEND_URL names another backend.",
    {
      code: "backend-unsupported",
      suggestion: "Unset it, set it to a file:// URL, or use --engine pulumi.",
    },
  );
}

/** One stack of a Pulumi project, run without the Pulumi CLI. */
export class Stack implements StackEngine {
  readonly project: Project;
  readonly name: StackName;
  readonly #backend: Backend;
  readonly #config: StackConfig;
  readonly #options: StackOptions;

  private constructor(project: Project, backend: Backend, config: StackConfig, options: StackOptions) {
    this.project = project;
    this.name = { project: project.name, stack: options.stack };
    this.#backend = backend;
    this.#config = config;
    this.#options = options;
  }

  /** Reads the project and the stack's settings; the state is read by each operation. */
  static async open(options: StackOptions): Promise<Stack> {
    checkStackName(options.stack);
    const project = await readProject(options.projectDir);
    const config = await StackConfig.read(project, options.stack);
    return new Stack(project, new Backend(backendFolder(options, project)), config, options);
  }

  /** Where the state lies. */
  get statePath(): string {
    return this.#backend.statePath(this.name);
  }

  async #passphrase(): Promise<string> {
    return this.#options.passphrase ?? (await passphraseFrom(this.#options.env ?? process.env));
  }

  /** The crypter of a salt; without one the stack's own, and if it has none, a new one. */
  async #crypterFor(salt: string | undefined): Promise<Crypter> {
    const passphrase = await this.#passphrase();
    const used = salt ?? this.#config.encryptionSalt;
    return used === undefined ? Crypter.create(passphrase) : Crypter.open(used, passphrase);
  }

  /** What the stack's state is written with: the salt of its settings, else that of its state, else a new one. */
  async crypter(): Promise<Crypter> {
    if (this.#config.encryptionSalt !== undefined) return this.#crypterFor(undefined);
    const text = await this.#backend.read(this.name);
    const salt =
      text === undefined ? undefined : parseCheckpoint(text, this.statePath).secrets_providers?.state?.salt;
    return this.#crypterFor(salt);
  }

  get config(): StackConfig {
    return this.#config;
  }

  async configValues(): Promise<ConfigValues> {
    return this.#config.values(await this.crypter());
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

  async #settings(options: RunOptions, crypter: Crypter): Promise<RunSettings> {
    return {
      project: this.project,
      stack: this.name.stack,
      config: this.#config.values(crypter, { validate: true }),
      env: this.#options.env ?? process.env,
      parallel: options.parallel ?? 16,
      onEvent: options.onEvent ?? (() => {}),
      signal: options.signal ?? new AbortController().signal,
      killSignal: options.killSignal ?? new AbortController().signal,
      outputsOf: (reference) => this.#outputsOfOther(reference),
    };
  }

  /** Outputs of another stack of the same backend, with secrets in their wrapper. */
  async #outputsOfOther(reference: string): Promise<Properties> {
    const parts = reference.split("/");
    const stack = checkStackName(parts.at(-1) ?? "");
    const name = { project: parts.at(-2) ?? this.name.project, stack };
    const passphrase = await this.#passphrase();
    const state = await readState(this.#backend, name, (salt) =>
      salt === undefined ? Crypter.create(passphrase) : Crypter.open(salt, passphrase),
    );
    return outputsOf(state, reference);
  }

  async #withSession(
    options: RunOptions,
    work: (session: StateSession, settings: RunSettings) => Promise<RunSummary>,
  ): Promise<RunSummary> {
    const crypter = await this.crypter();
    const settings = await this.#settings(options, crypter);
    const lock = await takeLock(this.#backend.lockFolder(this.name), (message) =>
      settings.onEvent({ kind: "log", severity: "warning", message }),
    );
    try {
      if (this.#config.encryptionSalt === undefined) {
        this.#config.encryptionSalt = crypter.salt;
        await this.#config.save();
      }
      const state = await this.#readState();
      if (state.recovered) {
        const message = "The last run broke off; what it had done was taken from its journal.";
        settings.onEvent({ kind: "log", severity: "warning", message });
      }
      const session = await StateSession.open(this.#backend, this.name, crypter, state);
      try {
        return await work(session, settings);
      } finally {
        await session.close();
      }
    } finally {
      await lock.release();
    }
  }

  /** Brings what exists in line with the program. Throws {@link RunFailedError}. */
  up(options: RunOptions = {}): Promise<RunSummary> {
    return this.#withSession(options, (session, settings) => runUp(settings, session, "up"));
  }

  /** What `up` would do. Changes nothing, takes no lock. */
  async preview(options: RunOptions = {}): Promise<RunSummary> {
    const settings = await this.#settings(options, await this.crypter());
    const { snapshot } = await this.#readState();
    const state = {
      snapshot,
      commit: async (change: Parameters<typeof snapshot.apply>[0]) => snapshot.apply(change),
    };
    return runUp(settings, state, "preview");
  }

  /** Brings the state in line with what exists. */
  refresh(options: RunOptions = {}): Promise<RunSummary> {
    return this.#withSession(options, (session, settings) => runRefresh(settings, session));
  }

  /** Deletes all that the stack made. Refuses when something of it is protected. */
  destroy(options: DestroyOptions = {}): Promise<RunSummary> {
    return this.#withSession(options, (session, settings) => runDestroy(settings, session, options));
  }

  /** The stack's outputs, decrypted, from the state alone. Throws `no-stack` when there is none. */
  async outputs(): Promise<StackOutputs> {
    const state = await this.#readState();
    return stackOutputs(outputsOf(state, this.name.stack));
  }

  /** The state as `pulumi stack import` takes it. */
  async export(): Promise<string> {
    const state = await this.#readState();
    outputsOf(state, this.name.stack);
    return formatExport(deploymentOf(state.snapshot, await this.crypter()));
  }

  /** Takes over a state that either engine exported; the one before stays as backup. */
  async import(text: string, source: string): Promise<void> {
    const deployment: DeploymentFile = parseExport(text, source);
    const snapshot = await snapshotOf(deployment, (salt) => this.#crypterFor(salt));
    this.#refuseForeign(snapshot, source);
    await this.#withSession({}, async (session) => {
      session.replace(snapshot);
      return { operation: "up", counts: {}, steps: [], outputs: {}, durationMs: 0 };
    });
  }

  /** The names of the project's stacks that have a state. */
  stacks(): Promise<readonly string[]> {
    return this.#backend.stacks(this.project.name);
  }

  /** Forgets the stack's state. Throws `stack-not-empty` when it still has resources, unless forced. */
  async remove(options: { readonly force: boolean }): Promise<void> {
    const lock = await takeLock(this.#backend.lockFolder(this.name), () => {});
    try {
      // A state that can't be read may be forgotten too, but only on demand.
      if (!options.force) {
        const state = await this.#readState();
        outputsOf(state, this.name.stack);
        const left = state.snapshot.resources().length;
        if (left > 0) {
          throw new RefusedError(`The stack '${this.name.stack}' still has ${left} resources.`, {
            code: "stack-not-empty",
            rule: "a stack with resources is not forgotten",
            suggestion: "Run `understudy destroy` first, or give --force to leave them unmanaged.",
          });
        }
      }
      await this.#backend.remove(this.name);
    } finally {
      await lock.release();
    }
  }

  /** Breaks the stack's locks; gives how many there were. */
  unlock(): Promise<number> {
    return breakLocks(this.#backend.lockFolder(this.name));
  }
}

/** Opens one stack of a project. Throws `no-project`, `bad-project`, `bad-stack-config`, `bad-stack-name`. */
export function openStack(options: StackOptions): Promise<Stack> {
  return Stack.open(options);
}
