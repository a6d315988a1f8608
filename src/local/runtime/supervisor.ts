import { NotFoundError, UnderstudyError } from "../../base/errors.ts";
import { AppGroup, type Outlook } from "./app-group.ts";
import { Changes } from "./changes.ts";
import type { Builder, Slug, Supervisor } from "./contract.ts";
import type { InstanceHost } from "./instance.ts";
import { OneOffs } from "./one-off.ts";

/** Lines of an app's log that the error of a failed start carries. */
const shownLines = 20;

/** What the router and the runtime use of a supervisor, beyond its contract. */
export interface OwnSupervisor extends Supervisor {
  outlook(app: string, type: string): Outlook;
  /** Settles when the outlook may be another: `look` gives a value, or the signal aborts. */
  watch<T>(look: () => T | undefined, signal: AbortSignal): Promise<T>;
  close(): Promise<void>;
}

export function createSupervisor(host: InstanceHost, builder: Builder): OwnSupervisor {
  const groups = new Map<string, AppGroup>();
  const changes = new Changes();
  const oneOffs = new OneOffs(host);

  async function slugOf(id: string): Promise<Slug> {
    const slug = await builder.get(id);
    if (slug !== undefined) return slug;
    throw new NotFoundError(`There is no slug '${id}'.`, {
      code: "unknown-slug",
      suggestion: "Build the app's source first.",
    });
  }

  /** True once all is up, undefined while it isn't yet. */
  function isSettled(app: string, group: AppGroup): boolean | undefined {
    const verdict = group.verdict();
    if (verdict.state !== "failed") return verdict.state === "up" ? true : undefined;
    const name = host.flavour.sourceName(verdict.instance.type, verdict.instance.index);
    const end = host.logs.recent(app, shownLines).map((entry) => `${entry.source}: ${entry.text}`);
    throw new UnderstudyError(
      `${name} of '${app}' did not start: ${verdict.reason}. Its log ends with:\n${end.join("\n")}`,
      { code: "start-failed", path: app, suggestion: "Mend what the log's end names, and release again." },
    );
  }

  return {
    apply: async (app, spec, strategy) => {
      const slug = await slugOf(spec.slug);
      const group = groups.get(app) ?? new AppGroup(app, host, changes);
      groups.set(app, group);
      group.apply(spec, slug, strategy);
    },
    settled: async (app, signal) => {
      await changes.until(() => {
        const group = groups.get(app);
        return group === undefined ? true : isSettled(app, group);
      }, signal);
    },
    restart: async (app, which) => {
      const runners = groups.get(app)?.runners ?? [];
      for (const runner of runners) {
        const { type, index } = runner.plan;
        const isMeant = which === undefined || (which.type === type && (which.index ?? index) === index);
        if (isMeant) runner.restart();
      }
    },
    remove: async (app) => {
      const group = groups.get(app);
      groups.delete(app);
      await Promise.all([group?.remove(), oneOffs.stop(app)]);
    },
    instances: (app) => (groups.get(app)?.runners ?? []).map((runner) => runner.view),
    runOnce: (app, job) => oneOffs.start(app, job, slugOf(job.slug)),
    outlook: (app, type) => groups.get(app)?.outlook(type) ?? { state: "none" },
    watch: (look, signal) => changes.until(look, signal),
    close: async () => {
      const all = [...groups.values()];
      groups.clear();
      await Promise.all([...all.map((group) => group.remove()), oneOffs.stop()]);
    },
  };
}
