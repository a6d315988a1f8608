import { linkModeOf } from "../app/roles.ts";
import type { App } from "../app/schema.ts";
import { type Clock, systemClock } from "../base/clock.ts";
import type { JsonObject } from "../base/json.ts";
import type { Log } from "../base/log.ts";
import type { Link } from "../data/contract.ts";
import { openLink } from "../data/registry.ts";
import { loadPlatform } from "../platform/registry.ts";
import { parseZoneSettings } from "../traffic/parse.ts";
import { openZone } from "../traffic/registry.ts";
import type { Kit, KitSite } from "./kit.ts";
import { type ReachedSite, siteNamed, type World } from "./world.ts";

/** The world that a kit describes. Reaches out to nothing yet. */
export async function openWorld(kit: Kit, log: Log, clock: Clock = systemClock): Promise<World> {
  const app = kit.app as App;
  const sites: Record<string, ReachedSite> = {};
  for (const site of Object.values(kit.sites)) sites[site.name] = await reach(site, app);
  const zone = parseZoneSettings({ ...kit.traffic.zone, key: kit.traffic.key });
  return {
    app,
    home: kit.home,
    sites,
    zone: openZone(zone),
    ttlSeconds: zone.ttlSeconds,
    clock,
    links: (from, to) => linksBetween(app, siteNamed(sites, from), siteNamed(sites, to), log),
  };
}

async function reach(site: KitSite, app: App): Promise<ReachedSite> {
  const platform = await loadPlatform(site.platform);
  const settings = platform.settings.parse(site.settings);
  const connection = platform.connection.parse(site.connection);
  return {
    name: site.name,
    platform: platform.name,
    control: platform.connect(connection as JsonObject, { name: site.name, app, settings }),
    target: site.traffic,
  };
}

function linksBetween(app: App, from: ReachedSite, to: ReachedSite, log: Log): readonly Link[] {
  return Object.entries(app.services).flatMap(([service, description]) => {
    const mode = linkModeOf(description);
    if (mode === "none") return [];
    const end = (site: ReachedSite) => ({
      site: site.name,
      url: (signal?: AbortSignal) => site.control.serviceUrl(service, signal === undefined ? {} : { signal }),
    });
    const { everySeconds, withoutKey, exclude } = description.link;
    return [
      openLink({
        service,
        type: description.type,
        mode,
        source: end(from),
        target: end(to),
        ...(everySeconds === undefined ? {} : { everySeconds }),
        withoutKey,
        exclude,
        log,
      }),
    ];
  });
}
