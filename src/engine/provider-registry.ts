import { randomUUID } from "node:crypto";
import { UnderstudyError, UnsupportedError } from "../base/errors.ts";
import { compareProperties } from "./diff.ts";
import { PluginClient } from "./plugin-client.ts";
import { findPlugin, type StandIns } from "./plugin-path.ts";
import { startPlugin } from "./plugin-process.ts";
import type { Project } from "./project.ts";
import type { Checked, LiveResource, ProviderDiff, ResourceProvider, Target } from "./provider.ts";
import type { Reporter } from "./reporter.ts";
import type { ResourceState } from "./resource-state.ts";
import { packageOf, providerPackage, providerReference, typeOf } from "./urn.ts";
import { isObject, type Properties, unknownValue } from "./values.ts";

/** What Pulumi keeps of a provider that isn't its configuration (pkg/resource/deploy/providers/registry.go). */
const internalKey = "__internal";

/** The inputs of a provider that are for its plugin. */
function configOf(inputs: Properties): Properties {
  const { [internalKey]: _, ...config } = inputs;
  return config;
}

/** The package `pulumi` has no plugin: the engine itself stands in for it. */
function isBuiltin(urn: string): boolean {
  return providerPackage(typeOf(urn)) === "pulumi";
}

function versionOf(inputs: Properties): string | undefined {
  return typeof inputs.version === "string" ? inputs.version : undefined;
}

/** The inputs of a provider of a package at a version. */
export function providerInputs(config: Properties, version: string | undefined): Properties {
  return version === undefined ? config : { ...config, version, [internalKey]: config[internalKey] ?? {} };
}

/**
 * The provider resources of a run and their plugins. It carries out resources of type `pulumi:providers:*` itself: to
 * make one is to start and configure its plugin.
 */
export class ProviderRegistry implements ResourceProvider {
  readonly isKnown = true;
  readonly supportsPreview = true;
  readonly #project: Project;
  readonly #engineAddress: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #reporter: Reporter;
  readonly #preview: boolean;
  readonly #builtin: ResourceProvider;
  readonly #standIns: StandIns | undefined;
  /** Started by `check`, not configured yet, by URN. */
  readonly #fresh = new Map<string, PluginClient>();
  /** By reference. */
  readonly #ready = new Map<string, Promise<ResourceProvider>>();
  readonly #started = new Set<PluginClient>();
  #closed = false;

  constructor(options: {
    readonly project: Project;
    readonly engineAddress: string;
    readonly env: NodeJS.ProcessEnv;
    readonly reporter: Reporter;
    readonly preview: boolean;
    /** Stands in for the plugin of the package `pulumi`. */
    readonly builtin: ResourceProvider;
    readonly standIns?: StandIns | undefined;
  }) {
    this.#project = options.project;
    this.#engineAddress = options.engineAddress;
    this.#env = options.env;
    this.#reporter = options.reporter;
    this.#preview = options.preview;
    this.#builtin = options.builtin;
    this.#standIns = options.standIns;
  }

  /** The provider of a reference that was registered in this run; undefined when there is none. */
  get(reference: string): Promise<ResourceProvider> | undefined {
    return this.#ready.get(reference);
  }

  /** The provider of a resource that stays as the last deployment left it: started and configured as recorded there. */
  fromState(state: ResourceState): Promise<ResourceProvider> {
    if (isBuiltin(state.urn)) return Promise.resolve(this.#builtin);
    const reference = providerReference(state.urn, state.id ?? "");
    let provider = this.#ready.get(reference);
    if (provider === undefined) {
      provider = this.#start(state.urn, state.inputs).then(async (client) => {
        await client.configure(state.urn, state.id ?? "", configOf(state.inputs));
        return client;
      });
      this.#setReady(reference, provider);
    }
    return provider;
  }

  #setReady(reference: string, provider: Promise<ResourceProvider>): void {
    // Who waits for it hears of the failure; nobody may be waiting yet.
    provider.catch(() => {});
    this.#ready.set(reference, provider);
  }

  async #start(urn: string, inputs: Properties): Promise<PluginClient> {
    const name = providerPackage(typeOf(urn)) ?? packageOf(typeOf(urn));
    const internal = inputs[internalKey];
    if (isObject(internal) && internal.parameterization !== undefined) {
      throw new UnsupportedError(`The offline engine can't parameterize plugins, as '${name}' would need.`, {
        code: "parameterization-unsupported",
        path: urn,
        suggestion: "Use --engine pulumi.",
      });
    }
    const attached = this.#attachedPort(name);
    if (attached !== undefined) {
      const client = this.#keep(new PluginClient(`127.0.0.1:${attached}`, async () => {}));
      await client.attach(this.#engineAddress);
      await client.handshake(this.#engineAddress, undefined);
      return client;
    }
    const request = { name, version: versionOf(inputs) };
    const found = await findPlugin(request, this.#project.plugins, this.#env, this.#standIns);
    if (found.folder === undefined) {
      const wanted = request.version === undefined ? name : `${name} ${request.version}`;
      this.#reporter.log("info", `The plugin '${wanted}' is not installed: Understudy stands in for it.`);
    }
    const process = await startPlugin(found, {
      engineAddress: this.#engineAddress,
      cwd: this.#project.programFolder,
      env: this.#pluginEnv(),
      onOutput: (line) => this.#reporter.log("info", `${name}: ${line}`),
    });
    const client = this.#keep(new PluginClient(process.address, () => process.close()));
    await client.handshake(this.#engineAddress, found.folder);
    return client;
  }

  #keep(client: PluginClient): PluginClient {
    this.#started.add(client);
    if (this.#closed) void client.close();
    return client;
  }

  /** PULUMI_DEBUG_PROVIDERS=aws:1234,... names plugins that someone started by hand. */
  #attachedPort(name: string): number | undefined {
    for (const entry of (this.#env.PULUMI_DEBUG_PROVIDERS ?? "").split(",")) {
      const [pkg, port = ""] = entry.split(":");
      if (pkg !== name) continue;
      if (/^\d+$/.test(port)) return Number(port);
      throw new UnderstudyError(
        `PULUMI_DEBUG_PROVIDERS has '${port}' where the port of '${name}' should be.`,
        {
          code: "bad-debug-providers",
          suggestion: `Write it as ${name}:PORT.`,
        },
      );
    }
    return undefined;
  }

  #pluginEnv(): NodeJS.ProcessEnv {
    const options = Object.entries(this.#project.runtimeOptions).map(([key, value]) => [
      `PULUMI_RUNTIME_${key.toUpperCase()}`,
      String(value),
    ]);
    return { ...this.#env, ...Object.fromEntries(options), PULUMI_PROJECT: this.#project.name };
  }

  async check(urn: string, olds: Properties, news: Properties): Promise<Checked> {
    if (isBuiltin(urn)) return { inputs: news, failures: [] };
    const client = await this.#start(urn, news);
    this.#fresh.set(urn, client);
    const checked = await client.checkConfig(urn, configOf(olds), configOf(news));
    const kept = ["version", internalKey].flatMap((key) => {
      const value = news[key];
      return value === undefined ? [] : [[key, value] as const];
    });
    return { ...checked, inputs: { ...checked.inputs, ...Object.fromEntries(kept) } };
  }

  async diff(old: Target, news: Properties): Promise<ProviderDiff> {
    const client = this.#fresh.get(old.urn);
    const olds = { inputs: configOf(old.inputs), outputs: old.outputs };
    const verdict = (await client?.diffConfig(old.urn, olds, configOf(news))) ?? "unknown";
    if (verdict !== "unknown") return verdict;
    // A plugin that can't tell gets the new configuration without its resources being replaced.
    const changes = compareProperties(configOf(old.inputs), configOf(news));
    return { changed: changes.length > 0, replaceKeys: [], deleteBeforeReplace: false, changes };
  }

  async create(urn: string, inputs: Properties): Promise<LiveResource> {
    const id = this.#preview ? unknownValue : randomUUID();
    await this.#configure(urn, id, inputs);
    return { id, outputs: configOf(inputs) };
  }

  async update(old: Target, inputs: Properties): Promise<Properties> {
    await this.#configure(old.urn, old.id, inputs);
    return configOf(inputs);
  }

  /** For a provider that did not change: configures the plugin that `check` started. */
  async same(state: ResourceState): Promise<void> {
    await this.#configure(state.urn, state.id ?? "", state.inputs);
  }

  async #configure(urn: string, id: string, inputs: Properties): Promise<void> {
    const ready = this.#claim(urn, id, inputs);
    this.#setReady(providerReference(urn, id), ready);
    await ready;
  }

  async #claim(urn: string, id: string, inputs: Properties): Promise<ResourceProvider> {
    if (isBuiltin(urn)) return this.#builtin;
    const client = this.#fresh.get(urn) ?? (await this.#start(urn, inputs));
    this.#fresh.delete(urn);
    await client.configure(urn, id, configOf(inputs));
    return client;
  }

  async read(): Promise<LiveResource> {
    throw new UnsupportedError("Providers can't be read or imported.", { code: "provider-read" });
  }

  /** Its plugin ends with the run: others may still need it. */
  async delete(): Promise<void> {}

  async invoke(): Promise<never> {
    throw new UnsupportedError("Provider resources have no functions.", { code: "provider-invoke" });
  }

  /** Whether the resources of one provider must be replaced to be managed by another. */
  async mustReplace(old: ResourceState, now: ResourceState): Promise<boolean> {
    const provider = await this.get(providerReference(now.urn, now.id ?? ""));
    if (!(provider instanceof PluginClient)) return false;
    const olds = { inputs: configOf(old.inputs), outputs: old.outputs };
    const verdict = await provider.diffConfig(now.urn, olds, configOf(now.inputs));
    return verdict !== "unknown" && verdict.replaceKeys.length > 0;
  }

  /** Asks every plugin to break off what it is doing. */
  async cancel(): Promise<void> {
    await Promise.all([...this.#started].map((client) => client.cancel()));
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#started].map((client) => client.close()));
  }
}
