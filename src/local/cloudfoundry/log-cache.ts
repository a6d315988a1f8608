import { Hono } from "hono";
import type { LogEntry, Logs } from "../runtime/contract.ts";
import type { Cloud, Envelope, LogCache } from "./cloud.ts";
import { checkQuery } from "./list.ts";

const kept = 1500;

export function createLogCache(logs: Logs, now: () => number): LogCache {
  const apps = new Map<string, { readonly envelopes: Envelope[]; readonly stop: () => void }>();
  const add = (envelopes: Envelope[], entry: LogEntry) => {
    const last = envelopes.at(-1)?.timestamp ?? 0n;
    const time = BigInt(Math.trunc(entry.time)) * 1_000_000n;
    envelopes.push({ timestamp: time > last ? time : last + 1n, entry });
    if (envelopes.length > kept) envelopes.splice(0, envelopes.length - kept);
  };
  return {
    read: (app) => apps.get(app)?.envelopes ?? [],
    append(app, source, text, stream = "out") {
      const entry = {
        time: now(),
        kind: "platform",
        stream,
        source,
        type: undefined,
        index: 0,
        text,
      } as const;
      logs.append(app, entry);
    },
    follow(app) {
      if (apps.has(app)) return;
      const envelopes: Envelope[] = [];
      for (const entry of logs.recent(app, kept)) add(envelopes, entry);
      apps.set(app, { envelopes, stop: logs.follow(app, (entry) => add(envelopes, entry)) });
    },
    forget(app) {
      apps.get(app)?.stop();
      apps.delete(app);
      logs.forget(app);
    },
  };
}

/** Source type and instance of a line: `APP/PROC/WEB/0` is the app's own word, what is said about it is the cell's. */
function sourceOf(entry: LogEntry): readonly [string, string] {
  const [, source = entry.source, instance = "0"] = /^(.*)\/(\d+)$/.exec(entry.source) ?? [];
  if (entry.kind === "router") return ["RTR", instance];
  return [entry.kind === "platform" && source.startsWith("APP/PROC/") ? "CELL" : source, instance];
}

function present(app: string, { timestamp, entry }: Envelope): object {
  const [sourceType, instance] = sourceOf(entry);
  return {
    timestamp: String(timestamp),
    source_id: app,
    instance_id: instance,
    deprecated_tags: {},
    tags: { source_type: sourceType },
    log: {
      payload: Buffer.from(entry.text).toString("base64"),
      type: entry.stream === "err" ? "ERR" : "OUT",
    },
  };
}

function bound(text: string | null, fallback: bigint): bigint {
  return text !== null && /^-?\d+$/.test(text) ? BigInt(text) : fallback;
}

/** Log-cache's reads (go-log-cache client.go): times in nanoseconds, `end_time` exclusive, at most 1,000 lines. */
export function logCache(cloud: Cloud): Hono {
  const app = new Hono();
  app.get("/api/v1/info", (c) => c.json({ version: "3.0.0", vm_uptime: "1" }));
  app.get("/api/v1/read/:app", (c) => {
    const query = checkQuery(c, [
      "start_time",
      "end_time",
      "limit",
      "descending",
      "envelope_types",
      "name_filter",
    ]);
    const guid = c.req.param("app");
    const from = bound(query.get("start_time"), 0n);
    const to = bound(query.get("end_time"), BigInt(cloud.clock.now() + 1000) * 1_000_000n);
    const limit = Math.min(1000, Number(bound(query.get("limit"), 100n)));
    const types = query.get("envelope_types");
    const wanted = types === null || types === "LOG" || types === "ANY";
    const found = wanted
      ? cloud.logs.read(guid).filter(({ timestamp }) => timestamp >= from && timestamp < to)
      : [];
    const descending = query.get("descending") === "true" || c.req.query("descending") === "";
    const batch = descending ? found.toReversed().slice(0, limit) : found.slice(0, limit);
    return c.json({ envelopes: { batch: batch.map((envelope) => present(guid, envelope)) } });
  });
  return app;
}
