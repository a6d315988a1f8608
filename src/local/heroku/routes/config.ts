import { Hono } from "hono";
import { z } from "zod";
import { bodyOf } from "../http/body.ts";
import { invalidParams } from "../http/error.ts";
import type { AppRecord } from "../model.ts";
import type { HerokuPlatform } from "../platform.ts";
import { newestGood } from "../store.ts";

/** Keys and values together (Dev Center, "Config Vars"). */
const largestConfig = 32 * 1024;

type Changes = Readonly<Record<string, string | null>>;

/** What really changes; 422 for what may not. */
function checkChanges(platform: HerokuPlatform, app: AppRecord, asked: Changes): Changes {
  const own = newestGood(app)?.config ?? {};
  const ofAddons = platform.store.addonConfig(app);
  for (const key of Object.keys(asked)) {
    if (!/^[A-Za-z][A-Za-z0-9_]*$|^_[A-Za-z0-9][A-Za-z0-9_]*$/.test(key)) {
      throw invalidParams(
        `Config var keys may hold letters, digits and _ only, and may not start with __: ${key}`,
      );
    }
    if (ofAddons[key] !== undefined) {
      throw invalidParams(`${key} is owned by an add-on. Change it through the add-on, or detach it.`);
    }
  }
  const changes = Object.fromEntries(
    Object.entries(asked).filter(([key, value]) =>
      value === null ? own[key] !== undefined : own[key] !== value,
    ),
  );
  const after = Object.entries({ ...own, ...changes }).filter(([, value]) => value !== null);
  const size = after.reduce((sum, [key, value]) => sum + Buffer.byteLength(`${key}${value}`), 0);
  if (size > largestConfig) throw invalidParams("Config vars may hold 32 kB in all.");
  return changes;
}

function describe(changes: Changes): string {
  const set = Object.keys(changes).filter((key) => changes[key] !== null);
  const removed = Object.keys(changes).filter((key) => changes[key] === null);
  const parts = [
    set.length === 0 ? undefined : `Set ${set.join(", ")}`,
    removed.length === 0 ? undefined : `Remove ${removed.join(", ")}`,
  ];
  return `${parts.filter((part) => part !== undefined).join(" and ")} config vars`;
}

export function configRoutes(platform: HerokuPlatform): Hono {
  const { store, releases } = platform;
  const api = new Hono();

  api.get("/apps/:app/config-vars", (context) =>
    context.json(store.configOf(store.app(context.req.param("app")))),
  );

  api.patch("/apps/:app/config-vars", async (context) => {
    const app = store.app(context.req.param("app"));
    const asked = await bodyOf(context, z.record(z.string(), z.string().nullable()));
    const config = checkChanges(platform, app, asked);
    // The release is there before the answer: clients ask for the newest one next.
    if (Object.keys(config).length > 0) {
      await releases.create(app, { description: describe(config), config, hasPhase: true });
    }
    return context.json(store.configOf(app));
  });

  return api;
}
