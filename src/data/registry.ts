import { UnsupportedError } from "../base/errors.ts";
import type { Link, LinkSettings } from "./contract.ts";
import { openDumpLink } from "./postgres/dump/link.ts";
import { openTriggerLink } from "./postgres/trigger/link.ts";
import { openRedisLink } from "./redis/snapshot-link.ts";
import { openStandingLink } from "./standing-link.ts";

type Open = (settings: LinkSettings) => Link;

/** The links that move data, by type of service and mode. */
const moving: Readonly<Record<string, Readonly<Record<string, Open>>>> = {
  postgres: { trigger: openTriggerLink, snapshot: openDumpLink },
  redis: { snapshot: openRedisLink },
};

/**
 * Opens a link by its service's type and mode. Connects to nothing until the first call.
 * Throws {@link UnsupportedError} `link-unsupported`, naming the modes that the type has.
 */
export function openLink(settings: LinkSettings): Link {
  const { service, type, mode } = settings;
  if (mode === "shared" || mode === "rebuild" || mode === "none") return openStandingLink(settings);
  const open = moving[type]?.[mode];
  if (open !== undefined) return open(settings);
  const possible = [...Object.keys(moving[type] ?? {}), "shared", "rebuild", "none"];
  throw new UnsupportedError(`There is no ${mode} link for ${type}.`, {
    code: "link-unsupported",
    path: `services.${service}.link.mode`,
    suggestion: `Use one of: ${possible.join(", ")}.`,
  });
}
