import { describe, expect, it } from "vitest";
import { defineApp, parseApp } from "../../src/app/parse.ts";
import { parseAppText } from "../../src/app/text.ts";
import { InputError } from "../../src/base/errors.ts";
import type { Problem } from "../../src/base/problem.ts";

function problemsOf(work: () => unknown): readonly Problem[] {
  try {
    work();
  } catch (error) {
    if (error instanceof InputError) return error.problems;
    throw error;
  }
  throw new Error("It was accepted.");
}

const inText = (text: string): readonly Problem[] => problemsOf(() => parseAppText(text, "understudy.yaml"));
const brief = ({ code, path, line }: Problem): string => `${line} ${path} ${code}`;

describe("a description", () => {
  it("is completed with its defaults", () => {
    const app = defineApp({ name: "guestbook", processes: { web: { command: "node server.js" } } });
    expect(app.source).toEqual({ path: "." });
    expect(app.processes.web).toMatchObject({ scale: { count: 1 }, stopGraceSeconds: 30, singleton: false });
    expect(app.objectives).toEqual({ rtoSeconds: 300, rpoSeconds: 60 });
  });

  it("tells all that is wrong at once: shape and sense, in the file's order", () => {
    const problems = inText(`name: Guestbook
source: { gti: x }
build: { contxt: . }
processes:
  we b: {}
  web: node server.js
  api: { http: { prot: 80, port: 3000 }, scale: { min: 3, max: 1 } }
  admin: { http: { port: 3000 }, roles: [actve] }
schedule:
  nightly: { command: x, cron: "@daily" }
  hourly: { command: x, cron: "61 * * * *", timezone: Europe/Berln }
services:
  db: { type: postgres, env: [DATABASE_URL] }
  cache: { type: redis, link: { mode: rebuild } }
config:
  LIMIT: 5000
  DATABASE_URL: x
domains: ["https://Example.com/x", a.example]
drains: [{ url: "ftp://logs.example" }]
lnk: 1
`);
    expect(problems.map(brief)).toEqual([
      "1 name bad-format",
      "2 source.gti unknown-key",
      "3 build.contxt unknown-key",
      "5 processes.we b bad-name",
      "6 processes.web wrong-type",
      "7 processes.api.http.prot unknown-key",
      "7 processes.api.scale.min scale-range",
      "8 processes.admin.http.port port-taken",
      "8 processes.admin.roles[0] wrong-value",
      "10 schedule.nightly.cron bad-cron",
      "11 schedule.hourly.cron bad-cron",
      "11 schedule.hourly.timezone bad-timezone",
      "14 services.cache.link.mode link-mode",
      "16 config.LIMIT wrong-type",
      "17 config.DATABASE_URL env-taken",
      "18 domains[0] bad-format",
      "19 drains[0].url bad-format",
      "20 lnk unknown-key",
    ]);
    const suggestions = Object.fromEntries(problems.map(({ path, suggestion }) => [path, suggestion]));
    expect(suggestions).toMatchObject({
      "source.gti": "Did you mean 'git'?",
      "build.contxt": "Did you mean 'context'?",
      "processes.web": 'Write web: { command: "node server.js" }.',
      "processes.api.http.prot": "Did you mean 'port'?",
      "processes.admin.roles[0]": "Did you mean active?",
      "schedule.nightly.cron": 'Write "0 0 * * *".',
      "schedule.hourly.timezone": "Did you mean Europe/Berlin?",
      "domains[0]": "Did you mean example.com?",
    });
  });

  it("points at the column of the key or value", () => {
    const [unknown, wrong] = inText("name: ab\nprocesses:\n  web: { comand: x, scale: { count: many } }\n");
    expect(unknown).toMatchObject({ line: 3, column: 10, file: "understudy.yaml" });
    expect(wrong).toMatchObject({ line: 3, column: 37 });
  });

  it("never shows what may be a secret", () => {
    const problems = inText(
      "name: ab\nsecrets: { TOKEN: hunter22 }\nconfig: { KEY: [hunter22] }\ndrains: [{ url: 'ftp://u:hunter22@x' }]\n",
    );
    expect(problems).toHaveLength(3);
    expect(JSON.stringify(problems)).not.toContain("hunter22");
  });

  it.each([
    ["nothing", undefined, "missing"],
    ["a text", "x", "wrong-type"],
    ["a list", [], "wrong-type"],
    ["no name", {}, "missing"],
  ])("can't be %s", (_, input, code) => {
    expect(problemsOf(() => parseApp(input)).map((problem) => problem.code)).toEqual([code]);
  });
});

describe("what makes no sense is told", () => {
  const web = { command: "x" };
  it.each([
    [
      "an image that is also built",
      { source: { image: "a/b" }, build: { buildpacks: ["x"] } },
      "build two-builds",
    ],
    ["arguments without a Dockerfile", { build: { args: { A: "1" } } }, "build.args no-effect"],
    ["a process called release", { processes: { release: web } }, "processes.release reserved-name"],
    [
      "two singletons",
      { processes: { clock: { singleton: true, scale: { count: 2 } } } },
      "processes.clock.scale.count singleton-scaled",
    ],
    [
      "CPU without a bound",
      { processes: { web: { scale: { cpuPercent: 50 } } } },
      "processes.web.scale.cpuPercent scale-range",
    ],
    [
      "a count out of range",
      { processes: { web: { scale: { count: 5, max: 3 } } } },
      "processes.web.scale.count scale-range",
    ],
    [
      "a role twice",
      { processes: { web: { roles: ["active", "active"] } } },
      "processes.web.roles duplicate",
    ],
    [
      "names that become one",
      { processes: { worker_a: web, "worker-a": web } },
      "processes.worker-a names-collide",
    ],
    [
      "a day that never comes",
      { schedule: { x: { command: "x", cron: "0 0 31 2 *" } } },
      "schedule.x.cron bad-cron",
    ],
    ["six fields", { schedule: { x: { command: "x", cron: "0 0 0 * * *" } } }, "schedule.x.cron bad-cron"],
    [
      "an offset for a zone",
      { schedule: { x: { command: "x", cron: "0 0 * * *", timezone: "+02:00" } } },
      "schedule.x.timezone bad-timezone",
    ],
    [
      "a trigger link for Redis",
      { services: { cache: { type: "redis", link: { mode: "trigger" } } } },
      "services.cache.link.mode link-mode",
    ],
    [
      "an interval without snapshots",
      { services: { db: { type: "postgres", link: { everySeconds: 5 } } } },
      "services.db.link.everySeconds no-effect",
    ],
    [
      "snapshots too rare",
      { services: { db: { type: "postgres", link: { mode: "snapshot", everySeconds: 3600 } } } },
      "services.db.link.everySeconds objective-missed",
    ],
    [
      "a table without schema",
      { services: { db: { type: "postgres", link: { exclude: ["logs"] } } } },
      "services.db.link.exclude[0] bad-table",
    ],
    [
      "a name given twice by default",
      { services: { cache: { type: "redis" } }, secrets: { CACHE_URL: {} } },
      "secrets.CACHE_URL env-taken",
    ],
    ["PORT in config", { config: { PORT: "80" } }, "config.PORT reserved-name"],
    ["a domain twice", { domains: ["a.example", "b.example", "a.example"] }, "domains[2] duplicate"],
    ["a source of two kinds", { source: { path: ".", image: "x" } }, "source wrong-choice"],
    ["a source of no kind", { source: {} }, "source wrong-choice"],
  ])("%s", (_, input, expected) => {
    const problems = problemsOf(() => parseApp({ name: "ab", ...input }));
    expect(problems.map(({ path, code }) => `${path} ${code}`)).toEqual([expected]);
    for (const problem of problems) expect(problem.suggestion).toBeTruthy();
  });
});
