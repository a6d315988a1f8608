import type { Children } from "./children.ts";
import type { OwnFaults } from "./faults.ts";
import type { Ports } from "./ports.ts";

/** What the backing services of a runtime share. */
export interface ServiceOptions {
  readonly folder: string;
  /** Loopback address on which they listen. */
  readonly address: string;
  readonly children: Children;
  readonly ports: Ports;
  readonly faults: OwnFaults;
}
