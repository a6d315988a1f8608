import type { KubernetesObject } from "./object.ts";

/** Which objects are meant. */
export interface ListQuery {
  readonly apiVersion: string;
  readonly kind: string;
  /** Left out: those of all namespaces, or of a kind that has none. */
  readonly namespace?: string;
  /** e.g. `app.kubernetes.io/instance=shop`. */
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

/** The whole answer to a list: its resource version is where a watch begins. */
export interface Listing {
  readonly items: readonly KubernetesObject[];
  readonly resourceVersion: string;
}

export interface ApplyOptions {
  readonly fieldManager: string;
  /** Takes over fields that others manage. @default false */
  readonly force?: boolean;
  /** Goes through everything, admission too, and keeps nothing. @default false */
  readonly dryRun?: boolean;
  /** Told of what the server warns about, e.g. a deprecated version or a pod that Pod Security will refuse. */
  readonly onWarning?: (text: string) => void;
}

export interface PatchOptions {
  readonly fieldManager: string;
  /** e.g. `scale` or `status`. */
  readonly subresource?: string;
  /** @default "merge" */
  readonly type?: "merge" | "json" | "apply";
}

export interface DeleteOptions {
  /** Foreground: the object goes after what it owns. @default "Background" */
  readonly propagation?: "Foreground" | "Background";
  /** Deletes only that very object. */
  readonly uid?: string;
}

export interface LogOptions {
  readonly container?: string;
  readonly tailLines?: number;
  /** Puts the time, RFC 3339, before each line. @default false */
  readonly timestamps?: boolean;
  /** Of the container's last run, which has ended. @default false */
  readonly previous?: boolean;
}

export interface WatchQuery extends ListQuery {
  /** Begin after this state, e.g. of a list that is known already; nothing is told of what was there. */
  readonly resourceVersion?: string;
}
