import { messageOf } from "../base/errors.ts";
import type { Ledger, TrafficState, ZoneOptions } from "./contract.ts";
import { openZone } from "./registry.ts";
import type { ZoneSettings } from "./settings.ts";

/** What the zone's ledger says of a site. */
export interface RoleReading {
  /** `unknown`: the ledger can't be read, so what depends on the role must be left as it is. `none`: there is no ledger yet. */
  readonly role: "active" | "standby" | "unknown" | "none";
  /** For a person: `epoch 7, active mirror`, or why it isn't known. */
  readonly reason: string;
  readonly ledger: Ledger | undefined;
}

/** Reads a site's role from the zone. Needs no key. Never throws, but when the signal is aborted. */
export async function readRole(
  settings: ZoneSettings,
  site: string,
  options: ZoneOptions = {},
): Promise<RoleReading> {
  let state: TrafficState;
  try {
    state = await openZone(settings).read(options);
  } catch (error) {
    options.signal?.throwIfAborted();
    return { role: "unknown", reason: messageOf(error), ledger: undefined };
  }
  const { ledger } = state;
  if (ledger === undefined) return { role: "none", reason: `${settings.names[0]} has no ledger yet`, ledger };
  return {
    role: ledger.active === site ? "active" : "standby",
    reason: `epoch ${ledger.epoch}, active ${ledger.active}`,
    ledger,
  };
}
