import { parseApp } from "../src/app/parse.ts";
import type { App } from "../src/app/schema.ts";
import { loadPlatform, platformNames } from "../src/platform/registry.ts";
import { type Figures, figure, timed } from "./figure.ts";

const apps = 1_000;
const rounds = 10;

/** An app as many are: a few processes, two services, a handful of settings; no two alike. */
function app(index: number): App {
  const keys = Array.from({ length: 20 }, (_, key) => [`SETTING_${key}`, `${index}-${key}`]);
  return parseApp({
    name: `app-${index}`,
    processes: {
      web: { command: "bin/web", http: { health: { path: "/up" } }, scale: { count: 2 } },
      worker: { command: "bin/worker", size: { memoryMb: 1024 } },
    },
    release: { command: "bin/migrate" },
    schedule: { digest: { command: "bin/digest", cron: "0 6 * * *" } },
    services: { database: { type: "postgres", env: ["DATABASE_URL"] }, cache: { type: "redis" } },
    config: Object.fromEntries(keys),
    secrets: { SESSION_KEY: {} },
    domains: [`www.app-${index}.example.com`],
  });
}

/** Milliseconds to render 1,000 apps, for each platform. */
export async function benchRender(): Promise<Figures> {
  const all = Array.from({ length: apps }, (_, index) => app(index));
  const figures: [string, Figures[string]][] = [];
  for (const name of platformNames) {
    const platform = await loadPlatform(name);
    const settings = platform.settings.parse({});
    const archive = { path: "/source.tgz", sha256: "0".repeat(64) };
    const samples = await timed(rounds, () => {
      for (const one of all) platform.render(one, { name: "mirror", role: "standby", settings, archive });
    });
    figures.push([`render1000${name}`, figure(samples, "ms")]);
  }
  return Object.fromEntries(figures);
}
