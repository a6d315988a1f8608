import { afterAll, beforeAll, expect, it } from "vitest";
import { cloudfoundry } from "../../../providers/cloudfoundry/index.ts";
import { appSchema } from "../../../src/app/schema.ts";
import { NotFoundError } from "../../../src/base/errors.ts";
import { type SampleArchives, sampleApp, sampleArchives, sampleSecrets } from "../../contract/sample.ts";
import { type Harness, openHarness } from "./harness.ts";

let harness: Harness;
let archives: SampleArchives;

beforeAll(async () => {
  archives = await sampleArchives();
  harness = await openHarness();
  const app = sampleApp("running", { drains: [{ url: "syslog+tls://logs.example.com:6514" }] });
  await harness.stack().up(harness.render(app, archives.good));
});
afterAll(async () => {
  await harness?.close();
  await archives?.remove();
});

it("describes what runs, in a form that the app's schema takes, without a value of a variable", async () => {
  const described = await cloudfoundry.observeApp?.(harness.connection, "running");
  const app = appSchema.parse(described);
  expect(app).toMatchObject({
    name: "running",
    processes: {
      web: { command: "node web.js", scale: { count: 1 }, http: { health: { path: "/health" } } },
      worker: { command: "node worker.js", size: { memoryMb: 1024 } },
    },
    services: {
      database: { type: "postgres", plan: { cloudfoundry: "postgres:small" } },
      cache: { type: "redis" },
    },
    domains: ["running.example.com"],
    drains: [{ url: "syslog+tls://logs.example.com:6514" }],
  });
  expect(Object.keys(app.secrets).sort()).toEqual(["CACHE_URL", "COLOR", "SAMPLE_TOKEN"]);
  expect(app.processes).not.toHaveProperty("understudy-maintenance");
  expect(JSON.stringify(described)).not.toContain(sampleSecrets.SAMPLE_TOKEN);
});

it("finds it by its full name too, and says when it isn't there", async () => {
  expect(await cloudfoundry.observeApp?.(harness.connection, "understudy/apps/running")).toMatchObject({
    name: "running",
  });
  await expect(cloudfoundry.observeApp?.(harness.connection, "nobody")).rejects.toBeInstanceOf(NotFoundError);
});
