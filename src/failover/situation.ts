import { messageOf } from "../base/errors.ts";
import type { LinkStatus } from "../data/contract.ts";
import type { HealthObservation, SiteObservation } from "../platform/contract.ts";
import type { TrafficState } from "../traffic/contract.ts";
import type { ReachedSite, World } from "./world.ts";

/** An answer, or why there was none. */
export type Seen<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: string };

export interface SiteSituation {
  readonly name: string;
  readonly platform: string;
  readonly observation: Seen<SiteObservation>;
  readonly health: Seen<HealthObservation>;
}

/** Both sites, the links and the zone as they were seen at one moment. */
export interface Situation {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly traffic: Seen<TrafficState>;
  readonly sites: Readonly<Record<string, SiteSituation>>;
  /** From the active site to each other. Empty when it isn't known who is active. */
  readonly links: readonly Seen<LinkStatus>[];
}

/** How long any one part may take to answer before it counts as not answering. */
const defaultAnswerMs = 3_000;

async function seen<T>(question: Promise<T>): Promise<Seen<T>> {
  try {
    return { ok: true, value: await question };
  } catch (error) {
    return { ok: false, reason: messageOf(error) };
  }
}

/** No part may hold up the whole, also one whose client forgets its deadline. */
async function within<T>(
  answerMs: number,
  work: (options: { signal: AbortSignal; timeoutMs: number }) => Promise<T>,
): Promise<Seen<T>> {
  const signal = AbortSignal.timeout(answerMs);
  const late = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(new Error(`no answer within ${answerMs / 1000} s`)), {
      once: true,
    });
  });
  return await seen(Promise.race([work({ signal, timeoutMs: answerMs }), late]));
}

async function observeSite(site: ReachedSite, answerMs: number): Promise<SiteSituation> {
  const [observation, health] = await Promise.all([
    within(answerMs, (options) => site.control.observe(options)),
    within(answerMs, (options) => site.control.health(options)),
  ]);
  return { name: site.name, platform: site.platform, observation, health };
}

/** Asks everything once, side by side. */
export async function observe(world: World, answerMs = defaultAnswerMs): Promise<Situation> {
  const names = Object.keys(world.sites);
  const reading = within(answerMs, (options) => world.zone.read(options));
  const [traffic, sites, links] = await Promise.all([
    reading,
    Promise.all(Object.values(world.sites).map((site) => observeSite(site, answerMs))),
    reading.then(async (state) => {
      const active = state.ok ? state.value.ledger?.active : undefined;
      if (active === undefined || world.sites[active] === undefined) return [];
      const others = names.filter((name) => name !== active);
      return await Promise.all(
        others
          .flatMap((other) => world.links(active, other))
          .map((link) => within(answerMs, (options) => link.status(options))),
      );
    }),
  ]);
  return {
    at: world.clock.now(),
    traffic,
    sites: Object.fromEntries(sites.map((site) => [site.name, site])),
    links,
  };
}
