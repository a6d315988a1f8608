import type { Alias } from "./aliases.ts";
import type { ResourceState, Timeouts } from "./resource-state.ts";
import type { Properties } from "./values.ts";

/** A resource as the program asks for it. */
export interface Goal {
  readonly type: string;
  readonly name: string;
  readonly custom: boolean;
  readonly parent: string | undefined;
  readonly inputs: Properties;
  readonly dependencies: readonly string[];
  readonly propertyDependencies: Readonly<Record<string, readonly string[]>>;
  /** Reference of an explicit provider; undefined = the package's default one. */
  readonly provider: string | undefined;
  /** Version of the package that the SDK belongs to. */
  readonly version: string | undefined;
  readonly protect: boolean | undefined;
  readonly retainOnDelete: boolean | undefined;
  readonly deletedWith: string | undefined;
  readonly deleteBeforeReplace: boolean | undefined;
  readonly ignoreChanges: readonly string[];
  readonly replaceOnChanges: readonly string[];
  readonly hideDiffs: readonly string[];
  readonly additionalSecretOutputs: readonly string[];
  readonly aliases: readonly Alias[];
  /** Empty = not an import. */
  readonly importId: string;
  readonly timeouts: Timeouts;
}

/** A custom resource without inputs and options. */
export function plainGoal(type: string, name: string): Goal {
  return {
    type,
    name,
    custom: true,
    parent: undefined,
    inputs: {},
    dependencies: [],
    propertyDependencies: {},
    provider: undefined,
    version: undefined,
    protect: undefined,
    retainOnDelete: undefined,
    deletedWith: undefined,
    deleteBeforeReplace: undefined,
    ignoreChanges: [],
    replaceOnChanges: [],
    hideDiffs: [],
    additionalSecretOutputs: [],
    aliases: [],
    importId: "",
    timeouts: {},
  };
}

/** What a child takes from its parent when it says nothing itself. */
export function inherit(child: Goal, parent: Goal | undefined): Goal {
  if (parent === undefined) return child;
  return {
    ...child,
    protect: child.protect ?? parent.protect,
    retainOnDelete: child.retainOnDelete ?? parent.retainOnDelete,
    deletedWith: child.deletedWith ?? parent.deletedWith,
  };
}

/** The state of a goal whose resource isn't there yet. */
export function stateOf(
  goal: Goal,
  urn: string,
  provider: string | undefined,
  inputs: Properties,
): ResourceState {
  return {
    urn,
    custom: goal.custom,
    type: goal.type,
    inputs,
    outputs: {},
    parent: goal.parent,
    protect: goal.protect ?? false,
    dependencies: goal.dependencies,
    propertyDependencies: goal.propertyDependencies,
    provider,
    additionalSecretOutputs: goal.additionalSecretOutputs,
    customTimeouts: goal.timeouts,
    importID: goal.importId,
    retainOnDelete: goal.retainOnDelete ?? false,
    deletedWith: goal.deletedWith,
    ignoreChanges: goal.ignoreChanges,
    replaceOnChanges: goal.replaceOnChanges,
  };
}

/** `1h30m`, `90s`, `1.5m` as seconds, as Go writes durations; undefined for anything else. */
export function secondsOf(duration: string): number | undefined {
  const units: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600 };
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(duration)) return undefined;
  const parts = duration.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g);
  return [...parts].reduce((sum, [, amount, unit = "s"]) => sum + Number(amount) * (units[unit] ?? 1), 0);
}
