import { RefusedError } from "../base/errors.ts";
import { isJsonObject } from "../base/json.ts";
import type { StackOutputs } from "../engine/events.ts";
import { openStack } from "../engine/stack.ts";
import { parseZoneSettings } from "../traffic/parse.ts";
import { readRole } from "../traffic/role.ts";

/** Refuses when the stack's site serves users now, or when nobody can tell whether it does. */
export async function refuseActiveSite(cwd: string, stack: string, outputs: StackOutputs): Promise<void> {
  const site = outputs.site?.value;
  if (!isJsonObject(site) || typeof site.name !== "string") return;
  const config = await (await openStack({ projectDir: cwd, stack })).configValues();
  const settings = config.get("understudy:traffic")?.value;
  if (settings === undefined) return;
  const { role, reason } = await readRole(parseZoneSettings(settings), site.name);
  if (role === "standby" || role === "none") return;
  const seen =
    role === "active"
      ? `'${site.name}' is the active site: its users would be left with nothing.`
      : `Nobody can tell whether '${site.name}' is active: ${reason}`;
  throw new RefusedError(seen, {
    code: "site-is-active",
    rule: "an-active-site-stays",
    path: stack,
    suggestion: "Cut over to the other site first, or destroy it all the same with --force.",
  });
}
