import type { Diff } from "./diff.ts";
import type { Properties } from "./values.ts";

/** A property that a plugin would not take. */
export interface CheckFailure {
  readonly property: string;
  readonly reason: string;
}

export interface Checked {
  readonly inputs: Properties;
  readonly failures: readonly CheckFailure[];
}

/** A verdict of a plugin, or `unknown` when it leaves the comparison to the engine. */
export type ProviderDiff = Diff | "unknown";

/** What a resource looks like after a call. */
export interface LiveResource {
  /** Empty for a resource that is gone, and in previews. */
  readonly id: string;
  readonly outputs: Properties;
  /** Only of a read whose plugin tells. */
  readonly inputs?: Properties;
}

/** A resource as a call names it. */
export interface Target {
  readonly urn: string;
  readonly id: string;
  readonly inputs: Properties;
  readonly outputs: Properties;
}

export interface CallSettings {
  readonly preview: boolean;
  /** Seconds; 0 = the plugin's own. */
  readonly timeout: number;
}

/** What a function of a plugin gave. */
export interface Invoked {
  readonly result: Properties;
  readonly failures: readonly CheckFailure[];
}

/** What carries resources out: a plugin, or a part of the engine that stands in for one. */
export interface ResourceProvider {
  /** False while the configuration holds values that only the update will know: then nothing may be asked about resources. */
  readonly isKnown: boolean;
  /** Whether `create` and `update` may be called in a preview. */
  readonly supportsPreview: boolean;
  /** `seed` decides what a plugin makes up, such as names. */
  check(urn: string, olds: Properties, news: Properties, seed: Uint8Array): Promise<Checked>;
  diff(old: Target, news: Properties, ignoreChanges: readonly string[]): Promise<ProviderDiff>;
  create(urn: string, inputs: Properties, settings: CallSettings): Promise<LiveResource>;
  /** Gives the new outputs. */
  update(
    old: Target,
    inputs: Properties,
    ignoreChanges: readonly string[],
    settings: CallSettings,
  ): Promise<Properties>;
  /** `timeout` in seconds, 0 = the plugin's own; so too for `delete`. */
  read(target: Target, timeout: number): Promise<LiveResource>;
  delete(target: Target, timeout: number): Promise<void>;
  invoke(token: string, args: Properties, preview: boolean): Promise<Invoked>;
}
