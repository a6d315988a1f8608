/** The visitor's own process: nothing that the process of the drill does can slow it down. Its parent is visitor.ts. */
import { randomUUID } from "node:crypto";
import { StubResolver } from "../traffic/resolver.ts";
import type { RequestRecord } from "./request.ts";
import { createUser, type User } from "./user.ts";
import type { FromVisitor, ToVisitor, VisitorSettings } from "./visitor.ts";

const reportEveryMs = 200;

function visit(settings: VisitorSettings): void {
  const { script } = settings;
  const startAt = Date.now();
  const intervalMs = 1000 / settings.ratePerSecond;
  const users: User[] = [];
  /** Times at which the requests that have no outcome yet were due. */
  const underWay = new Set<{ readonly at: number }>();
  let done: RequestRecord[] = [];
  let sent = 0;
  let reads = 0;
  let stopped = false;

  function arrive(): void {
    const { name, port, deadlineMs } = settings;
    users.push(
      createUser({ name, port, deadlineMs, resolver: new StubResolver({ server: settings.resolver }) }),
    );
  }

  function sendNext(at: number): void {
    const n = sent++;
    // Spread evenly: of the first n requests, n times the share are reads.
    const isRead = Math.floor((n + 1) * settings.readShare) > Math.floor(n * settings.readShare);
    const template = isRead ? script.reads[reads++ % script.reads.length] : script.write;
    const user = users[n % users.length];
    if (template === undefined || user === undefined) return;
    const due = { kind: isRead ? "read" : "write", template, id: randomUUID(), n, at } as const;
    underWay.add(due);
    void user.request(due).then((record) => {
      underWay.delete(due);
      done.push(record);
      if (stopped && underWay.size === 0) leave();
    });
  }

  function pace(): void {
    if (stopped) return;
    const now = Date.now();
    const arrived = Math.floor((now - startAt) / (settings.arrivalMs / settings.users)) + 1;
    while (users.length < Math.min(settings.users, arrived)) arrive();
    for (let at = startAt + sent * intervalMs; at <= now; at = startAt + sent * intervalMs) sendNext(at);
    setTimeout(pace, Math.max(0, startAt + sent * intervalMs - Date.now()));
  }

  function report(then?: () => void): void {
    const settledUntil = Math.min(startAt + sent * intervalMs, ...[...underWay].map((due) => due.at));
    const message: FromVisitor = { requests: done, settledUntil };
    done = [];
    process.send?.(message, undefined, undefined, then);
  }

  function leave(): void {
    for (const user of users) user.leave();
    report(() => process.exit());
  }

  process.on("message", (message: ToVisitor) => {
    if (message.type !== "stop") return;
    stopped = true;
    if (underWay.size === 0) leave();
  });
  setInterval(() => report(), reportEveryMs);
  pace();
  report();
}

// Ctrl-C reaches every process of the terminal, but the visitor leaves when its parent says so or is gone.
process.on("SIGINT", () => {});
process.on("disconnect", () => process.exit());
process.once("message", (message: ToVisitor) => {
  if (message.type === "start") visit(message.settings);
});
