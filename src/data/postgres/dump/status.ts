import type { Lag, LinkSettings, LinkStatus } from "../../contract.ts";
import type { Pools } from "../pool.ts";
import { type Progress, readProgressOf } from "../progress.ts";
import { type ReachOptions, reach } from "../reach.ts";
import type { Session } from "../session.ts";
import { readState, type SiteState } from "../state.ts";
import { countWrites } from "./copy.ts";
import { rolesOf } from "./roles.ts";

interface SourceSeen {
  readonly role: SiteState["role"] | undefined;
  readonly writes: number;
}

interface TargetSeen {
  readonly role: SiteState["role"] | undefined;
  readonly progress: Progress | undefined;
}

/** See {@link Link.status}. The lag counts row writes as the server's statistics do; its age is that of the last dump. */
export async function statusOfDump(
  settings: LinkSettings,
  pools: Pools,
  options: ReachOptions,
): Promise<LinkStatus> {
  const ofSource = async (session: Session): Promise<SourceSeen> => ({
    role: (await readState(session))?.role,
    writes: await countWrites(session),
  });
  const ofTarget = async (session: Session): Promise<TargetSeen> => ({
    role: (await readState(session))?.role,
    progress: await readProgressOf(session, settings.source.site),
  });
  const [reachedSource, reachedTarget] = await Promise.all([
    reach(pools.source, ofSource, options),
    reach(pools.target, ofTarget, options),
  ]);
  const [from, to] = [reachedSource.value, reachedTarget.value];
  const judge = (target: Session) =>
    pools.source.use((source) => rolesOf({ source, target }), options.signal);
  const roles = from && to ? (await reach(pools.target, judge, options)).value : undefined;
  const progress = to?.role === "standby" ? to.progress : undefined;
  const follows = progress !== undefined && (roles === undefined || roles.kind === "follow");
  const readAt = follows && progress.read_at !== null ? Date.parse(progress.read_at) : undefined;
  const { service, mode, source, target } = settings;
  return {
    service,
    mode,
    source: source.site,
    target: target.site,
    state: !follows
      ? "absent"
      : !progress.complete
        ? "copying"
        : from?.role === "fenced"
          ? "fenced"
          : "following",
    lag: readAt === undefined || from === undefined ? undefined : lagOf(from.writes, progress, readAt),
    sourceReachable: from !== undefined,
    targetReachable: to !== undefined,
    lastReadAt: readAt,
    writesPerSecond: undefined,
    promotable:
      follows && progress.complete
        ? { ok: true }
        : {
            ok: false,
            reason:
              to === undefined
                ? `${target.site} can't be reached`
                : `${target.site} has no whole copy of the data`,
          },
    notes: [
      ...[reachedSource.reason, reachedTarget.reason].filter((reason) => reason !== undefined),
      ...(roles !== undefined && "reason" in roles ? [roles.reason] : []),
    ],
  };
}

function lagOf(writes: number, progress: Progress | undefined, readAt: number): Lag {
  const changes = Math.max(0, writes - (progress?.writes ?? 0));
  return { changes, bytes: undefined, seconds: changes === 0 ? 0 : Math.max(0, Date.now() - readAt) / 1_000 };
}
