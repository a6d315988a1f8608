import type { Lag } from "../../data/contract.ts";
import type { ActPhase } from "../../drill/acts.ts";
import { count, plural, seconds } from "../../drill/format.ts";
import { liveView } from "../../drill/live.ts";
import { type ActName, type ActResult, type DrillResult, failuresOf } from "../../drill/result.ts";
import type { Visitor } from "../../drill/visitor.ts";
import type { WalkEvent } from "../../failover/walk.ts";
import type { World } from "../../failover/world.ts";
import type { Progress } from "../progress.ts";
import { terminal } from "../terminal.ts";

/** Shows the acts as they go: a line a step, and one that changes in place with what users see. */
export interface Show {
  onAct(name: ActName, from: string, to: string): void;
  onPhase(phase: ActPhase): void;
  onStep(event: WalkEvent): void;
  onResult(result: ActResult): void;
  end(): void;
}

const titles: Readonly<Record<ActName, string>> = {
  graceful: "Act I: graceful cutover",
  failback: "Act II: failback",
  ungraceful: "Act III: the primary's provider is lost",
};

const phaseTitles: Readonly<Record<ActPhase, string>> = {
  "warm-up": "visiting",
  outage: "provider lost",
  cutover: "cutting over",
  settling: "waiting for users' caches",
  reconciling: "asking for every acknowledged write",
};

const redrawMs = 250;
const lagMs = 1_000;

export function createShow(options: {
  readonly progress: Progress;
  readonly visitor: Visitor;
  readonly world: World;
  readonly siteOf: (address: string) => string | undefined;
  readonly objectives: DrillResult["objectives"];
}): Show {
  const { progress, visitor, world } = options;
  const bold = (text: string) => terminal.style("bold", text, process.stderr);
  let scene: { readonly from: string; readonly to: string; readonly at: number } | undefined;
  let phase: ActPhase = "warm-up";
  let lag: Lag | undefined;

  function draw(): void {
    if (scene === undefined) return;
    const { good, failing, failed, addresses } = liveView(visitor.requests, Date.now(), scene.at);
    const sites = addresses.map((address) => options.siteOf(address) ?? address).join(", ");
    progress.live(
      [
        phaseTitles[phase],
        `${good} good and ${failing} failed requests/s`,
        `${count(failed)} failed so far`,
        `served by ${sites || "nobody"}`,
        ...(lag === undefined ? [] : [`lag ${plural(lag.changes, "change")}`]),
      ].join(" \u00b7 "),
    );
  }

  async function askLag(): Promise<void> {
    if (scene === undefined || phase === "cutover") return;
    const { from, to } = scene;
    const statuses = await Promise.all(
      world.links(from, to).map((link) => link.status({ timeoutMs: lagMs })),
    );
    lag = statuses.find((status) => status.lag !== undefined)?.lag;
  }

  const timers = process.stderr.isTTY
    ? [
        setInterval(draw, redrawMs),
        setInterval(() => {
          askLag().catch(() => {
            lag = undefined;
          });
        }, lagMs),
      ]
    : [];

  return {
    onAct(name, from, to) {
      scene = { from, to, at: Date.now() };
      progress.line(bold(`${titles[name]}, ${from} \u2192 ${to}`));
    },
    onPhase(next) {
      phase = next;
      // What was seen before the cutover says nothing of the time in it.
      lag = undefined;
      if (next === "outage") progress.line("  the provider is killed: its API, apps and databases are gone");
    },
    onStep(event) {
      if (event.type === "step-started") return;
      const { outcome, detail } = event.result;
      const mark =
        outcome === "done" || outcome === "already"
          ? terminal.style("green", "✓", process.stderr)
          : terminal.style(outcome === "failed" ? "red" : "yellow", outcome, process.stderr);
      progress.line(`  ${mark} ${event.step.title}: ${terminal.style("dim", detail, process.stderr)}`);
    },
    onResult(result) {
      const { rtoSeconds, failedRequests, requests, lostWrites, ackedWrites, unexplainedWrites } =
        result.measure;
      const missed = failuresOf(result, options.objectives);
      progress.line(
        `  users: recovered in ${rtoSeconds === undefined ? "no time that was seen" : seconds(rtoSeconds)}, ${count(failedRequests)} of ${count(requests)} requests failed, ${count(lostWrites)} of ${count(ackedWrites)} acknowledged writes lost, ${count(unexplainedWrites)} unexplained`,
      );
      for (const failure of missed) progress.line(`  ${terminal.style("red", failure, process.stderr)}`);
    },
    end() {
      for (const timer of timers) clearInterval(timer);
      progress.live(undefined);
    },
  };
}
