import { parseApp } from "../../src/app/parse.ts";
import { UnderstudyError } from "../../src/base/errors.ts";
import type { Link, LinkStatus } from "../../src/data/contract.ts";
import type { World } from "../../src/failover/world.ts";
import type { SiteControl, TrafficTarget } from "../../src/platform/contract.ts";
import { type Ledger, StaleEpochError, type Zone } from "../../src/traffic/contract.ts";

/** What a run changes, in memory: to see where a walk of the steps ends, apart from any real platform. */
export interface Memory {
  ledger: Ledger;
  target: TrafficTarget;
  ttlSeconds: number;
  readonly counts: Record<string, Record<string, number>>;
  readonly maintenance: Record<string, boolean>;
  /** Whether the platform's own schedule runs, by site; the primary's has none. */
  readonly scheduled: Record<string, boolean>;
  /** Which database may be written, by site. Both at once is what must never be. */
  readonly writable: Record<string, boolean>;
  /** Every moment at which more than one site was writable. */
  readonly violations: string[];
  /** Whether the writers at a site wait. */
  readonly held: Record<string, boolean>;
  /** Sites that don't answer. */
  readonly lost: Set<string>;
}

export const targets: Readonly<Record<string, TrafficTarget>> = {
  primary: { type: "CNAME", values: ["shop.primary.test"] },
  mirror: { type: "CNAME", values: ["shop.mirror.test"] },
};

/** With `holds`, writers at the new side can be made to wait. */
export function memoryWorld({ holds = true } = {}): { readonly world: World; readonly memory: Memory } {
  const memory: Memory = {
    ledger: { epoch: 1, active: "primary", by: "up" },
    target: targets.primary as TrafficTarget,
    ttlSeconds: 5,
    counts: { primary: { web: 1, worker: 1 }, mirror: { web: 1, worker: 0 } },
    maintenance: { primary: false, mirror: false },
    scheduled: { mirror: false },
    writable: { primary: true, mirror: false },
    violations: [],
    held: { primary: false, mirror: false },
    lost: new Set(),
  };
  let now = 1_000;
  const clock = {
    now: () => now,
    monotonic: () => now,
    sleep: async (milliseconds: number, signal?: AbortSignal) => {
      signal?.throwIfAborted();
      now += milliseconds;
    },
  };
  const answer = (site: string) => {
    if (memory.lost.has(site)) throw new UnderstudyError(`${site} doesn't answer.`, { code: "unreachable" });
  };
  const setWritable = (site: string, writable: boolean) => {
    memory.writable[site] = writable;
    const writers = Object.keys(memory.writable).filter((name) => memory.writable[name]);
    if (writers.length > 1 && !writers.some((name) => memory.lost.has(name)))
      memory.violations.push(writers.join("+"));
  };
  const app = parseApp({
    name: "shop",
    processes: { web: { command: "web" }, worker: { command: "worker" } },
    schedule: { tidy: { command: "tidy", cron: "0 3 * * *" } },
    services: { database: { type: "postgres" } },
  });
  const world: World = {
    app,
    home: "primary",
    ttlSeconds: 5,
    clock,
    sites: Object.fromEntries(
      ["primary", "mirror"].map((name) => [
        name,
        {
          name,
          platform: "memory",
          target: targets[name] as TrafficTarget,
          control: memoryControl(memory, name, answer),
        },
      ]),
    ),
    zone: memoryZone(memory),
    links: (from, to) => {
      const { hold, ...link } = memoryLink(memory, from, to, answer, setWritable, () => now);
      return [holds ? { ...link, hold } : link];
    },
  };
  return { world, memory };
}

function memoryZone(memory: Memory): Zone {
  return {
    read: async () => ({ ledger: memory.ledger, target: memory.target, ttlSeconds: memory.ttlSeconds }),
    async change({ expect, ledger, target, ttlSeconds }) {
      if (JSON.stringify(expect) !== JSON.stringify(memory.ledger)) {
        throw new StaleEpochError("The ledger is another by now.", { code: "stale-epoch" });
      }
      if (ledger.epoch !== memory.ledger.epoch + 1)
        throw new UnderstudyError("Each change takes the next epoch.", { code: "change-refused" });
      Object.assign(memory, { ledger, target, ttlSeconds });
    },
    verify: async ({ ledger }) => [
      { server: "memory", ok: ledger.epoch === memory.ledger.epoch, detail: `epoch ${memory.ledger.epoch}` },
    ],
    remove: async () => {},
  };
}

function memoryControl(memory: Memory, name: string, answer: (site: string) => void): SiteControl {
  const unused = async (): Promise<never> => {
    throw new UnderstudyError("Not part of a cutover.", { code: "unexpected-call" });
  };
  return {
    async observe() {
      answer(name);
      const counts = memory.counts[name] ?? {};
      const processes = Object.entries(counts).map(([type, count]) => [
        type,
        { desired: count, running: count },
      ]);
      return {
        processes: Object.fromEntries(processes),
        maintenance: memory.maintenance[name] === true,
        release: "v1",
      };
    },
    async scale(counts) {
      answer(name);
      memory.counts[name] = { ...memory.counts[name], ...counts };
    },
    async maintenance(on) {
      answer(name);
      memory.maintenance[name] = on;
    },
    async health() {
      answer(name);
      return { healthy: memory.maintenance[name] !== true, detail: "GET / answered 200" };
    },
    ...(memory.scheduled[name] === undefined
      ? {}
      : {
          async schedule(on: boolean) {
            answer(name);
            memory.scheduled[name] = on;
          },
        }),
    setConfig: unused,
    run: unused,
    restart: unused,
    serviceUrl: unused,
    logs: unused,
  };
}

function memoryLink(
  memory: Memory,
  from: string,
  to: string,
  answer: (site: string) => void,
  setWritable: (site: string, writable: boolean) => void,
  now: () => number,
): Required<Link> {
  const promote = async () => {
    answer(to);
    setWritable(to, true);
    return { sequences: {}, notes: [] };
  };
  return {
    service: "database",
    init: async () => {},
    run: async () => {},
    status: async (): Promise<LinkStatus> => ({
      service: "database",
      mode: "trigger",
      source: from,
      target: to,
      state: "following",
      lag: memory.lost.has(from) ? undefined : { changes: 0, bytes: 0, seconds: 0 },
      sourceReachable: !memory.lost.has(from),
      targetReachable: !memory.lost.has(to),
      lastReadAt: now() - 200,
      writesPerSecond: 25,
      promotable: { ok: true },
      notes: [],
    }),
    async fence() {
      answer(from);
      setWritable(from, false);
      return "10:20:";
    },
    async unfence() {
      answer(from);
      setWritable(from, true);
    },
    drain: async () => answer(from),
    promote,
    async hold() {
      answer(to);
      memory.held[to] = true;
      return {
        drain: async () => answer(from),
        promote,
        release: async () => {
          memory.held[to] = false;
        },
      };
    },
    drop: async () => {},
  };
}
