import type { CallOptions } from "../../../../src/platform/contract.ts";
import type { KubernetesObject } from "../../client/object.ts";
import type { ObjectClient } from "../client.ts";

/** What a look at an object says about its being ready; `why` is for a person. */
export type Look =
  | { readonly state: "ready" }
  | { readonly state: "waiting"; readonly why: string }
  | { readonly state: "failed"; readonly why: string };

export const ready: Look = { state: "ready" };

export function waiting(why: string): Look {
  return { state: "waiting", why };
}

export function failed(why: string): Look {
  return { state: "failed", why };
}

/** The wait so far: what the object was when it began, and how long ago that is. */
export interface Wait {
  readonly first: KubernetesObject;
  readonly waitedMs: number;
}

/** How one kind of object comes up. */
export interface Readiness {
  look(client: ObjectClient, live: KubernetesObject, options: CallOptions, wait: Wait): Look | Promise<Look>;
  /** What stands in its way, as far as the cluster tells: a line each, the weightiest first. */
  explain?(client: ObjectClient, live: KubernetesObject, options: CallOptions): Promise<readonly string[]>;
}
