import type { Clock } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Link, LinkStatus } from "./contract.ts";

export interface FollowOptions {
  /** Name of the active site now; undefined = nobody can tell. */
  readonly active: () => Promise<string | undefined>;
  /** The links that lead away from a site. */
  readonly linksFrom: (site: string) => readonly Link[];
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly log: Log;
  readonly onStatus?: (status: LinkStatus) => void;
}

/** How often the ledger is asked. A cutover itself drains the links, so this need not be quick. */
const lookMs = 1_000;
/** How long a link that can't run rests before it is tried again. */
const againMs = 2_000;

/**
 * Keeps data flowing away from the active site, whichever that is. While nobody can tell, what runs goes on: the databases
 * themselves refuse data from a side that isn't their source.
 */
export async function followLinks(options: FollowOptions): Promise<void> {
  const { signal, clock } = options;
  let direction: { readonly site: string; readonly stop: () => Promise<void> } | undefined;
  try {
    while (!signal.aborted) {
      const site = await options.active().catch((error: unknown) => {
        options.log.warn(`The ledger can't be read: ${messageOf(error)}`);
        return undefined;
      });
      if (site !== undefined && site !== direction?.site) {
        await direction?.stop();
        direction = { site, stop: start(site, options) };
      }
      await clock.sleep(lookMs, signal).catch(() => {});
    }
  } finally {
    await direction?.stop();
  }
}

function start(site: string, options: FollowOptions): () => Promise<void> {
  const controller = new AbortController();
  options.log.info(`Data flows from ${site}.`);
  const running = options.linksFrom(site).map((link) => keepRunning(link, controller.signal, options));
  return async () => {
    controller.abort();
    await Promise.all(running);
  };
}

/** A link says why it can't run (drift, nothing to follow yet) and is tried again: the reason may be mended meanwhile. */
async function keepRunning(
  link: Link,
  signal: AbortSignal,
  { clock, log, onStatus }: FollowOptions,
): Promise<void> {
  let said = "";
  while (!signal.aborted) {
    try {
      await link.run({ signal, ...(onStatus === undefined ? {} : { onStatus }) });
    } catch (error) {
      const reason = messageOf(error);
      if (!signal.aborted && reason !== said) log.warn(`${link.service}: ${reason}`);
      said = reason;
    }
    if (signal.aborted) return;
    await clock.sleep(againMs, signal).catch(() => {});
  }
}
