import { canonicalName } from "../../base/dns/name.ts";
import { UnderstudyError } from "../../base/errors.ts";
import { type DnsConfigInput, type DnsFaults, dnsConfigSchema, type RecordConfig } from "./config.ts";
import { listen } from "./listener.ts";
import { Responder, type ServedZone } from "./responder.ts";
import { folderStore, memoryStore } from "./store.ts";
import { makeZone, zoneRecords } from "./zone.ts";

/** A running name server. */
export interface DnsServer {
  readonly address: string;
  readonly port: number;
  /** Replaces the records of a zone that has no update keys; one that has keeps its own. Throws `unknown-zone`. */
  setStatic(zone: string, records: readonly RecordConfig[]): void;
  /** What a zone holds now. Throws `unknown-zone`. */
  records(zone: string): readonly RecordConfig[];
  setFaults(faults: Partial<DnsFaults>): void;
  /** Takes static zones and faults from a changed configuration; the rest needs a new start. */
  reload(config: DnsConfigInput): void;
  /** Answers nothing more once it returns; repeated calls are harmless. */
  close(): Promise<void>;
}

/**
 * Starts an authoritative name server on the loopback. Throws `port-in-use`, and `bad-record`, `bad-name` or
 * `bad-zone-file` for zones that can't be served. `now` (milliseconds) is for tests of clocks that differ.
 */
export async function startDnsServer(
  input: DnsConfigInput,
  options: { readonly now?: () => number } = {},
): Promise<DnsServer> {
  const config = dnsConfigSchema.parse(input);
  const store = config.folder === undefined ? memoryStore : folderStore(config.folder);
  const zones = new Map<string, ServedZone>();
  for (const { name, records, updateKeys } of config.zones) {
    const saved = updateKeys.length > 0 ? await store.load(name) : undefined;
    zones.set(canonicalName(name), { data: saved ?? makeZone(name, records), updateKeys });
  }
  const responder = new Responder(zones, config.keys, store, options.now ?? Date.now);
  responder.faults = config.faults;
  const listener = await listen(config.address, config.port, (wire, transport) =>
    responder.respond(wire, transport),
  );

  const served = (name: string): ServedZone => {
    const zone = zones.get(canonicalName(name));
    if (zone !== undefined) return zone;
    throw new UnderstudyError(`The name server has no zone ${name}.`, { code: "unknown-zone" });
  };
  const setStatic = (name: string, records: readonly RecordConfig[]): void => {
    const zone = served(name);
    if (zone.updateKeys.length === 0) zone.data = makeZone(name, records);
  };
  return {
    address: config.address,
    port: listener.port,
    setStatic,
    records: (name) => zoneRecords(served(name).data),
    setFaults(faults) {
      responder.faults = { ...responder.faults, ...faults };
    },
    reload(changed) {
      const { zones: changedZones, faults } = dnsConfigSchema.parse(changed);
      for (const { name, records } of changedZones) setStatic(name, records);
      responder.faults = faults;
    },
    close: () => listener.close(),
  };
}
