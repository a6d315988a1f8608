import { expect, it } from "vitest";
import { importFiles, noteCodes, problemsIn, statusOf } from "./import.ts";

it("a convox.yml", async () => {
  const result = await importFiles({
    "convox.yml": `environment: [ORG=acme, REGION]
resources:
  database: { type: postgres, options: { version: 14, class: small } }
  files: { type: efs }
services:
  web:
    build: &api { path: api, manifest: Prod.dockerfile }
    command: bin/web
    port: https:5443
    health: { path: /check, interval: 5, timeout: 2, grace: 0 }
    scale: { count: 2-4, cpu: 256, memory: 512 }
    domain: shop.example, \${HOST}
    environment: [REGION=eu, TOKEN, DATABASE_URL]
    resources: [database]
    termination: { grace: 45 }
    sticky: true
  clock: { build: *api, command: c, singleton: true, initContainer: { command: migrate } }
timers:
  nightly: { command: clean, schedule: "0 3 * * ?", service: web, concurrency: forbid }
  odd: { command: x, schedule: sometimes }
`,
  });
  expect(result.app).toMatchObject({
    build: { dockerfile: "api/Prod.dockerfile" },
    processes: {
      web: {
        http: {
          port: 5443,
          health: { path: "/check", intervalSeconds: 5, timeoutSeconds: 2, graceSeconds: 0 },
        },
        scale: { count: 2, min: 2, max: 4 },
        size: { cpu: 0.25, memoryMb: 512 },
        stopGraceSeconds: 45,
      },
      clock: { singleton: true },
    },
    release: { command: "migrate" },
    schedule: { nightly: { cron: "0 3 * * *", overlap: "forbid" } },
    services: { database: { type: "postgres", version: "14", options: { class: "small" } } },
    config: { ORG: "acme", REGION: "eu" },
    domains: ["shop.example"],
  });
  expect(Object.keys(result.app.secrets)).toEqual(["TOKEN"]);
  expect(statusOf(result, "/environment/1")).toBe("carried");
  for (const place of ["/resources/files", "/services/web/sticky", "/timers/odd"])
    expect(statusOf(result, place), place).toBe("dropped");
  expect(noteCodes(result)).toContain("volume");
});

const service = (text: string): string => `services:\n  web: { build: ., ${text} }\n`;

it("a service that is internal is not shown to users", async () => {
  const { app } = await importFiles({ "convox.yml": service("port: 80, internal: true") });
  expect(app.processes.web?.http).toMatchObject({ port: 80, public: false });
});

it("services of another image are dropped with their timers, and said to be", async () => {
  const result = await importFiles({
    "convox.yml": `services:
  db: { image: "mysql:8", port: 3306 }
  web: { build: ., port: 3000 }
  worker: { build: { path: . }, command: w }
timers:
  backup: { command: dump, schedule: "0 1 * * *", service: db }
`,
  });
  expect(result.app).toMatchObject({
    source: { path: "." },
    build: { dockerfile: "Dockerfile" },
    schedule: {},
  });
  expect(Object.keys(result.app.processes)).toEqual(["web", "worker"]);
  for (const place of ["/services/db", "/services/db/image", "/timers/backup"])
    expect(statusOf(result, place), place).toBe("dropped");
  expect(noteCodes(result)).toContain("second-image");
});

it("without web the image of the most services counts", async () => {
  const { app } = await importFiles({
    "convox.yml": `services:
  proxy: { build: proxy, domain: a.example }
  api: { build: code, port: 3000 }
  jobs: { build: ./code/, command: j }
`,
  });
  expect(app.build.dockerfile).toBe("code/Dockerfile");
  expect(Object.keys(app.processes)).toEqual(["api", "jobs"]);
});

it("a service that says nothing of its image has the Dockerfile of the folder", async () => {
  const { app } = await importFiles({ "convox.yml": "services: { api: { command: x } }\n" });
  expect(app.build.dockerfile).toBe("Dockerfile");
});

it("a Dockerfile deeper than the build's path keeps that path as its context", async () => {
  const result = await importFiles({
    "convox.yml":
      "services:\n  web: { build: { path: ./api, manifest: docker/Prod, args: [A=1, B] }, command: x }\n",
  });
  expect(result.app.build).toMatchObject({ dockerfile: "api/docker/Prod", context: "api", args: { A: "1" } });
  expect(statusOf(result, "/services/web/build/path")).toBe("carried");
  expect(statusOf(result, "/services/web/build/args/1")).toBe("dropped");
});

it("an environment has defaults, variables of other variables, and a star", async () => {
  const result = await importFiles({
    "convox.yml": service(`environment: ["*", A=1, "B=", "C=https://\${HOST}/", D, { E: 1 }]`),
  });
  expect(result.app.config).toEqual({ A: "1" });
  expect(result.app.secrets).toMatchObject({ B: { required: false }, C: { required: true }, D: {} });
  const statuses = [0, 3, 5].map((index) => statusOf(result, `/services/web/environment/${index}`));
  expect(statuses).toEqual(["ignored", "approximated", "dropped"]);
});

it("variables that only one service has are set in its command, or said to be lost", async () => {
  const result = await importFiles({
    "convox.yml": `environment: [ROLE=all]
services:
  web: { build: . }
  jobs: { build: ., command: j, environment: [ROLE=jobs] }
  mails: { build: ., environment: [ROLE=mails] }
`,
  });
  expect(result.app.config).toEqual({ ROLE: "all" });
  expect(result.app.processes.jobs?.command).toBe("export ROLE='jobs'; j");
  expect(statusOf(result, "/services/mails/environment/0")).toBe("dropped");
  expect(noteCodes(result)).toContain("own-variable");
});

it("resources have the names that services call them by, and types that mean the same anywhere", async () => {
  const result = await importFiles({
    "convox.yml": `resources:
  main: { type: rds-postgres, options: { class: "\${CLASS}", password: hunter22 } }
  geo: { type: postgis }
  files: { type: efs }
${service('resources: ["main:DB_URL", geo, files, gone]')}`,
  });
  expect(result.app.services.main).toMatchObject({ type: "postgres", env: ["DB_URL"], options: {} });
  expect(result.app.services.geo).toMatchObject({ type: "postgres", extensions: ["postgis"] });
  expect(result.app.services.geo?.env).toBeUndefined();
  const statuses = [0, 1, 2, 3].map((index) => statusOf(result, `/services/web/resources/${index}`));
  expect(statuses).toEqual(["carried", "carried", "dropped", "dropped"]);
  expect(JSON.stringify(result)).not.toContain("hunter22");
});

it("timers may have a field of years, and the command of their service", async () => {
  const result = await importFiles({
    "convox.yml": `${service("command: serve")}timers:
  often: { command: c, schedule: "*/3 * * * ? *", service: web }
  weekly: { schedule: "0 4 ? * 2", service: web }
  once: { command: c, schedule: "0 4 * * * 2030", service: web }
  set: { command: c, schedule: "\${WHEN}", service: web }
`,
  });
  expect(result.app.schedule).toMatchObject({
    often: { command: "c", cron: "*/3 * * * *" },
    weekly: { command: "serve", cron: "0 4 * * 2" },
  });
  expect(Object.keys(result.app.schedule)).toEqual(["often", "weekly"]);
  expect(statusOf(result, "/timers/weekly/schedule")).toBe("approximated");
  expect(result.notes.filter((note) => note.code === "timer-left-out")).toHaveLength(2);
});

it("a scale has bounds and a use of CPU to keep to", async () => {
  const result = await importFiles({
    "convox.yml": service(
      "port: 80, ports: [81, 82], scale: { count: 1-5, cpu: 0, gpu: 1, targets: { cpu: 70, memory: 80 } }",
    ),
  });
  expect(result.app.processes.web).toMatchObject({
    http: { port: 80 },
    scale: { count: 1, min: 1, max: 5, cpuPercent: 70 },
  });
  const at = (key: string): string | undefined => statusOf(result, `/services/web/${key}`);
  expect(["ports/0", "ports/1", "scale/gpu", "scale/targets/memory"].map(at)).toEqual(
    Array(4).fill("dropped"),
  );
  expect(at("scale/cpu")).toBe("ignored");
});

it("what has no place is dropped for a reason", async () => {
  const result = await importFiles({
    "convox.yml": `appSettings: { a: 1 }
balancers: { b: { service: web } }
${service("singleton: false, drain: 30, annotations: [a=b], health: { disable: true, path: /x }")}`,
  });
  expect(result.app.processes.web?.http).toBeUndefined();
  expect(result.sources.filter((source) => source.reason === "not understood")).toEqual([]);
});

it("a convox.yml of another tool is refused", async () => {
  const [problem] = await problemsIn({ "convox.yml": "services: []\nother: 1\n" });
  expect(problem).toMatchObject({ code: "foreign-file", file: "convox.yml" });
});
