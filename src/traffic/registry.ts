import type { Clock } from "../base/clock.ts";
import type { Zone } from "./contract.ts";
import { Rfc2136Zone } from "./rfc2136.ts";
import type { ZoneSettings } from "./settings.ts";

/** By the type of the settings: how such a zone is opened. A new kind of DNS provider is one schema and one line here. */
const constructors: {
  readonly [Type in ZoneSettings["type"]]: (
    settings: Extract<ZoneSettings, { readonly type: Type }>,
    clock?: Clock,
  ) => Zone;
} = {
  rfc2136: (settings, clock) => new Rfc2136Zone(settings, clock),
};

/** Opens nothing until the first call. `settings` are checked ones (`zoneSettingsSchema`). */
export function openZone(settings: ZoneSettings, clock?: Clock): Zone {
  return constructors[settings.type](settings, clock);
}
