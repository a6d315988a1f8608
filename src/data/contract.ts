import type { LinkMode } from "../app/schema.ts";
import type { Log } from "../base/log.ts";

/** One side of a link. The URL is read anew whenever a connection is refused, since platforms rotate it. */
export interface LinkEnd {
  /** Name of the site. */
  readonly site: string;
  url(signal?: AbortSignal): Promise<string>;
}

/** How one service's data gets from the active site to the standby. */
export interface LinkSettings {
  /** Name of the service in the app. */
  readonly service: string;
  /** As the app names it, e.g. `postgres`. */
  readonly type: string;
  readonly mode: LinkMode;
  readonly source: LinkEnd;
  readonly target: LinkEnd;
  readonly everySeconds?: number;
  readonly withoutKey: "refuse" | "skip";
  /** Tables as `schema.table`. */
  readonly exclude: readonly string[];
  readonly log: Log;
}

export interface Lag {
  readonly changes: number;
  /** Undefined where it can't be told. */
  readonly bytes: number | undefined;
  /** Age of the oldest change that is not at the target; 0 when there is none. */
  readonly seconds: number;
}

/**
 * `absent`: not initialised. `copying`: the initial copy is not finished. `following`: changes flow or would flow.
 * `drifted`: the two schemas differ, nothing is applied until that is mended. `fenced`: the source may not write.
 */
export type LinkState = "absent" | "copying" | "following" | "drifted" | "fenced";

export interface LinkStatus {
  readonly service: string;
  readonly mode: LinkMode;
  readonly source: string;
  readonly target: string;
  readonly state: LinkState;
  /** Undefined when the source can't be asked. */
  readonly lag: Lag | undefined;
  readonly sourceReachable: boolean;
  readonly targetReachable: boolean;
  /** Milliseconds since 1970 of the last read of the source that reached the target, by the target's own record. */
  readonly lastReadAt: number | undefined;
  /** Changes a second at the source in the busiest five seconds of the last minute, by the target's own record. */
  readonly writesPerSecond: number | undefined;
  /** Whether the target could be promoted now, and if not why. */
  readonly promotable: { readonly ok: true } | { readonly ok: false; readonly reason: string };
  /**
   * Changes at the target that its new source never got: what an ungraceful cutover lost, counted once the old primary is
   * back. They are kept in table `understudy.lost` when it is reseeded.
   */
  readonly lost?: number;
  /** Anything a person should know: tables without a key, drift in detail. */
  readonly notes: readonly string[];
}

/** Where the source stood when it was fenced: opaque text that the target can be compared with. */
export type FencePosition = string;

export interface Promotion {
  /** Sequences that were set, as `schema.name`, with the value. */
  readonly sequences: Readonly<Record<string, string>>;
  /** What could not be asked and what was done about it. */
  readonly notes: readonly string[];
}

export interface CopyProgress {
  readonly table: string;
  readonly rows: number;
  readonly tablesDone: number;
  readonly tables: number;
}

export interface StepOptions {
  readonly signal?: AbortSignal;
  /** @default 30_000 */
  readonly timeoutMs?: number;
}

/** A target whose app waits with its writes: for the moments of a cutover in which neither site may be written. */
export interface Hold {
  /** As {@link Link.drain}; readers of the target see what was drained once it is promoted. */
  drain(position: FencePosition, options?: StepOptions): Promise<void>;
  /** As {@link Link.promote}; those who wait go on. */
  promote(epoch: number): Promise<Promotion>;
  /** Ends it; who waits is refused, and what was drained under it has to be drained again. Does nothing after a promotion. */
  release(): Promise<void>;
}

/** One link, in one direction. Every call may be repeated: it looks at what is before it acts. */
export interface Link {
  /** Name of the service whose data it carries. */
  readonly service: string;
  /**
   * Carries the schema, installs what it needs on both sides, fences the target for everyone but the link, and makes the
   * initial copy. Goes on where an earlier run was cut off. With `reseed` the target's data is replaced.
   */
  init(
    options: StepOptions & {
      readonly reseed?: boolean;
      readonly onProgress?: (progress: CopyProgress) => void;
    },
  ): Promise<void>;
  /** Moves changes until aborted; survives lost connections and rotated URLs; two at once do no harm. */
  run(options: {
    readonly signal: AbortSignal;
    readonly onStatus?: (status: LinkStatus) => void;
  }): Promise<void>;
  status(options?: StepOptions): Promise<LinkStatus>;
  /** Makes the source unable to write (its app's sessions are ended) and says where it stood. Same answer when repeated. */
  fence(epoch: number, options?: StepOptions): Promise<FencePosition>;
  /** Takes a fence back, while the target has not been promoted. */
  unfence(epoch: number, options?: StepOptions): Promise<void>;
  /** Settles once the target has everything up to the position. */
  drain(position: FencePosition, options?: StepOptions): Promise<void>;
  /** Makes the target writable under this epoch, pushes its sequences, and starts the log for the way back. */
  promote(epoch: number, options?: StepOptions): Promise<Promotion>;
  /**
   * Makes the app's writers at the target wait instead of being refused, until the hold is promoted or released; it is
   * released when its process ends. Absent where the data knows no such wait.
   */
  hold?(options?: StepOptions): Promise<Hold>;
  /** Removes all that the link put on both sides that can be reached; the app's data stays. */
  drop(options?: StepOptions): Promise<void>;
}
