import type { App } from "../../src/app/schema.ts";
import type { JsonObject } from "../../src/base/json.ts";
import type { Platform } from "../../src/platform/contract.ts";

/**
 * A platform whose settings name where each backing service comes from, told of just those that an app has: the sites of
 * the contract differ in theirs, and share their settings.
 */
export function withServices<Settings extends JsonObject, Connection extends JsonObject>(
  platform: Platform<Settings, Connection>,
  services: Readonly<Record<string, JsonObject>>,
): Platform<Settings, Connection> {
  const settingsFor = (app: App, settings: Settings): Settings => {
    const own = Object.entries(services).filter(([name]) => name in app.services);
    return platform.settings.parse({ ...settings, services: Object.fromEntries(own) });
  };
  return {
    ...platform,
    render: (app, site) => platform.render(app, { ...site, settings: settingsFor(app, site.settings) }),
    connect: (connection, site) =>
      platform.connect(connection, { ...site, settings: settingsFor(site.app, site.settings) }),
  };
}
