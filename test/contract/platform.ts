import { describe } from "vitest";
import { controlsSites, followsRoles } from "./control.ts";
import { describesFaithfully } from "./rendering.ts";
import { deletesSites, keepsSites } from "./site.ts";
import { type PlatformHarness, Suite } from "./suite.ts";
import { copesWithTrouble } from "./trouble.ts";

/**
 * What every platform must do, run against the real thing or a local one. Codes that callers rely on:
 * `name-taken` (create of an app whose name is in use), `build-failed` (cause of a PartialCreateError, the log's end in
 * its message), `credentials-rejected`, and NotFoundError for an app that isn't there.
 */
export function platformContract(title: string, open: () => Promise<PlatformHarness>): void {
  describe(`${title} as a platform`, () => {
    const suite = new Suite(open);
    describesFaithfully(suite);
    keepsSites(suite);
    controlsSites(suite);
    followsRoles(suite);
    copesWithTrouble(suite);
    deletesSites(suite);
  });
}
