import { expect, it } from "vitest";
import { importFiles, noteCodes, statusOf } from "./import.ts";

it("a convox.yml", async () => {
  const result = await importFiles({
    "convox.yml": `environment: [ORG=acme, REGION]
resources:
  database: { type: postgres, options: { version: 14, class: small } }
  files: { type: efs }
services:
  web:
    build: { path: api, manifest: Prod.dockerfile }
    command: bin/web
    port: https:5443
    health: { path: /check, interval: 5, timeout: 2, grace: 0 }
    scale: { count: 2-4, cpu: 256, memory: 512 }
    domain: shop.example, \${HOST}
    environment: [REGION=eu, TOKEN, DATABASE_URL]
    resources: [database]
    termination: { grace: 45 }
    sticky: true
  clock: { command: c, singleton: true, initContainer: { command: migrate } }
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
