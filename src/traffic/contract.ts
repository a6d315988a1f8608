import { UnderstudyError } from "../base/errors.ts";
import type { TrafficTarget } from "../platform/contract.ts";

/** What the zone says about who is active: `_understudy.<name> TXT "v=1;epoch=7;active=mirror;by=<run>"`. */
export interface Ledger {
  /** Grows with each change of the active site; 1 when the records are made. */
  readonly epoch: number;
  /** Name of the active site. */
  readonly active: string;
  /** The run that wrote it. */
  readonly by: string;
}

/** What is in the zone now. */
export interface TrafficState {
  /** Undefined when there is no ledger record yet. */
  readonly ledger: Ledger | undefined;
  /** Undefined when the name has no address or CNAME record. */
  readonly target: TrafficTarget | undefined;
  readonly ttlSeconds: number | undefined;
}

/** A compare-and-swap of ledger and records, in one atomic update. */
export interface TrafficChange {
  /** The ledger as it was read; the update fails with {@link StaleEpochError} when it is another by now. Undefined = there is none. */
  readonly expect: Ledger | undefined;
  readonly ledger: Ledger;
  /** Set for every name of the zone's settings. */
  readonly target: TrafficTarget;
  readonly ttlSeconds: number;
  /** Lets the first change of all (no ledger yet) replace records that lead elsewhere. @default false */
  readonly overwrite?: boolean;
}

/** What one authoritative server answers. */
export interface Verification {
  /** `address:port`. */
  readonly server: string;
  readonly ok: boolean;
  /** False when it gave no answer at all: then it sends nobody to the wrong place. */
  readonly answered?: boolean;
  /** What was seen, for a person. */
  readonly detail: string;
}

export interface ZoneOptions {
  readonly signal?: AbortSignal;
  /** @default 5_000 */
  readonly timeoutMs?: number;
}

/** One app's records at one DNS provider. */
export interface Zone {
  /** From the authoritative servers themselves: the first that answers. */
  read(options?: ZoneOptions): Promise<TrafficState>;
  change(change: TrafficChange, options?: ZoneOptions): Promise<void>;
  /** Asks every authoritative server, side by side, whether it has this ledger and target. */
  verify(
    expect: { readonly ledger: Ledger; readonly target: TrafficTarget },
    options?: ZoneOptions,
  ): Promise<readonly Verification[]>;
  /** Removes the records and the ledger, if the ledger is still as expected. */
  remove(expect: Ledger, options?: ZoneOptions): Promise<void>;
}

/** Somebody else changed the ledger since it was read. */
export class StaleEpochError extends UnderstudyError {}
