import type { App } from "../app/schema.ts";
import type { Clock } from "../base/clock.ts";
import { UnderstudyError } from "../base/errors.ts";
import type { Link } from "../data/contract.ts";
import type { SiteControl, TrafficTarget } from "../platform/contract.ts";
import type { Zone } from "../traffic/contract.ts";

/** One site, within reach. */
export interface ReachedSite {
  readonly name: string;
  readonly platform: string;
  readonly control: SiteControl;
  readonly target: TrafficTarget;
}

/** Everything that the failover plane acts on, made from a kit and nothing else. */
export interface World {
  readonly app: App;
  readonly home: string;
  readonly sites: Readonly<Record<string, ReachedSite>>;
  readonly zone: Zone;
  /** Standing time to live of the records, seconds. */
  readonly ttlSeconds: number;
  readonly clock: Clock;
  /** The links that carry data from one site to another, one for each service that has any. */
  links(from: string, to: string): readonly Link[];
}

/** The site of that name; throws naming those that there are. */
export function siteNamed(sites: Readonly<Record<string, ReachedSite>>, name: string): ReachedSite {
  const site = sites[name];
  if (site !== undefined) return site;
  throw new UnderstudyError(`There is no site '${name}'.`, {
    code: "unknown-site",
    suggestion: `The kit has: ${Object.keys(sites).sort().join(", ")}.`,
  });
}
