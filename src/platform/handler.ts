import type { z } from "zod";
import type { JsonObject } from "../base/json.ts";
import type { Log } from "../base/log.ts";

/** What a handler may use. */
export interface ResourceContext<Connection> {
  readonly connection: Connection;
  readonly log: Log;
  /** Ends when the run is cancelled or the resource's time is up. */
  readonly signal: AbortSignal;
  /** The time that the program gives the work; absent when it sets none, and then `signal` ends with the run alone. */
  readonly timeoutSeconds?: number;
  /** The resource's URN, by which a handler may tell what it made for one from what it made for another. */
  readonly urn?: string;
  /** Of an update: paths of inputs that the program says to leave alone. The inputs have their old values there. */
  readonly ignored?: readonly (readonly (string | number)[])[];
}

/** What a created resource is. `state` holds its outputs; the plugin adds the inputs to it. */
export interface ResourceState {
  readonly id: string;
  readonly outputs: JsonObject;
}

/** What a read found. `inputs` is what a program would have to write for it: the drift that `refresh` shows. */
export interface ResourceReading extends ResourceState {
  readonly inputs: JsonObject;
}

/** One resource type. Inputs reach it checked and without wrappers; secrets arrive in clear and must not be logged. */
export interface ResourceHandler<Connection extends JsonObject = JsonObject> {
  /** Checks and completes inputs. The plugin lets unknown values through in previews. */
  readonly inputs: z.ZodObject;
  /** Property paths of inputs whose change needs a new resource, e.g. `name` or `metadata.name`. */
  readonly replaceOn: readonly string[];
  /** Inputs whose change alone is no change, e.g. the path of a file that its hash tells apart. @default [] */
  readonly unimportant?: readonly string[];
  /** The old one must go before the new one is made, e.g. since names are unique. @default false */
  readonly deleteBeforeReplace?: boolean;
  /** In place of `replaceOn` and `deleteBeforeReplace`, where they hang on the inputs themselves. */
  replacement?(
    connection: Connection | undefined,
    olds: JsonObject,
    news: JsonObject,
  ): { readonly replaceOn: readonly string[]; readonly deleteBeforeReplace: boolean };
  /** Completes inputs, before they are checked, by what the program calls the resource and what it was before. */
  complete?(
    inputs: JsonObject,
    by: { readonly name: string; readonly olds: JsonObject; readonly seed: Uint8Array },
  ): JsonObject;
  /** Inputs and outputs that are secrets, whatever the program says. */
  readonly secrets?: readonly string[];
  /** Outputs that can't change once made; others are unknown in the preview of an update. */
  readonly stableOutputs?: readonly string[];
  create(context: ResourceContext<Connection>, inputs: JsonObject): Promise<ResourceState>;
  /** By id alone (import), or with what is known of it. Undefined = it is gone. */
  read(
    context: ResourceContext<Connection>,
    id: string,
    known: { readonly inputs: JsonObject; readonly outputs: JsonObject } | undefined,
  ): Promise<ResourceReading | undefined>;
  /** Gives the new outputs. Absent = every change replaces. */
  update?(
    context: ResourceContext<Connection>,
    current: ResourceState & { readonly inputs: JsonObject },
    inputs: JsonObject,
  ): Promise<JsonObject>;
  /** A resource that is gone already is no error. */
  delete(
    context: ResourceContext<Connection>,
    current: ResourceState & { readonly inputs: JsonObject },
  ): Promise<void>;
}
