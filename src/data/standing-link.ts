import type { LinkMode } from "../app/schema.ts";
import type { Link, LinkSettings, LinkStatus } from "./contract.ts";

/** What there is to say of a link that moves nothing, by its mode. */
const meaning: Partial<Readonly<Record<LinkMode, string>>> = {
  shared: "both sites use the one service; nothing moves, and it is not fenced",
  rebuild: "nothing moves; it is filled again by its rebuild command once the other site is active",
  none: "nothing moves; the other site starts with what it has",
};

/** A link of mode `shared`, `rebuild` or `none`: no step does anything, and each says so. */
export function openStandingLink(settings: LinkSettings): Link {
  const { service, mode, source, target } = settings;
  const note = `${service}: ${meaning[mode] ?? "nothing moves"}`;
  const status: LinkStatus = {
    service,
    mode,
    source: source.site,
    target: target.site,
    state: "following",
    lag: { changes: 0, bytes: 0, seconds: 0 },
    sourceReachable: true,
    targetReachable: true,
    lastReadAt: undefined,
    writesPerSecond: undefined,
    promotable: { ok: true },
    notes: [note],
  };
  const promote = async () => ({ sequences: {}, notes: [note] });
  return {
    service,
    init: async () => {},
    run: async ({ signal, onStatus }) => {
      onStatus?.(status);
      await new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
    },
    status: async () => status,
    fence: async () => "",
    unfence: async () => {},
    drain: async () => {},
    promote,
    hold: async () => ({ drain: async () => {}, promote, release: async () => {} }),
    drop: async () => {},
  };
}
