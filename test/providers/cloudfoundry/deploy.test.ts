import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cloudfoundry } from "../../../providers/cloudfoundry/index.ts";
import { NotFoundError } from "../../../src/base/errors.ts";
import { PartialCreateError } from "../../../src/platform/partial.ts";
import { openProxy } from "../../contract/proxy.ts";
import { type SampleArchives, sampleApp, sampleArchives } from "../../contract/sample.ts";
import { DirectStack } from "../../contract/stack.ts";
import { type Api, logIn, until } from "../../local/cloudfoundry/api.ts";
import { type Harness, openHarness, smallApp } from "./harness.ts";

describe("deploying", () => {
  let harness: Harness;
  let archives: SampleArchives;
  let api: Api;

  beforeAll(async () => {
    archives = await sampleArchives();
    harness = await openHarness();
    api = await logIn(harness.served);
  });
  afterAll(async () => {
    await harness?.close();
    await archives?.remove();
  });

  /** The time may be up between two questions, or while one has no answer yet. */
  const timeIsUp = expect.stringMatching(/^(deadline-passed|http-timeout)$/);
  const guidOf = async (name: string): Promise<string> =>
    (await api.get(`/v3/apps?names=${name}`)).body.resources[0].guid;

  it("runs the release command in the new droplet before anything starts, and stops when it fails", async () => {
    const failing = smallApp("migrates", { release: { command: "echo no such table; exit 4" } });
    const stack = harness.stack();
    const failure = await stack.up(harness.render(failing, archives.good)).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(PartialCreateError);
    expect((failure as PartialCreateError).cause).toMatchObject({
      code: "release-failed",
      message: expect.stringContaining("no such table"),
    });
    const app = await guidOf("migrates");
    expect((await api.get(`/v3/apps/${app}/droplets/current`)).status).toBe(404);
    await stack.up(harness.render(smallApp("migrates"), archives.good));
    await api.running(app, "web", 1);
    await stack.destroy();
  });

  it("cancels a release command that takes too long", async () => {
    const slow = smallApp("slow", { release: { command: "sleep 60", timeoutSeconds: 3 } });
    const stack = harness.stack();
    const failure = await stack.up(harness.render(slow, archives.good)).catch((error: unknown) => error);
    expect((failure as PartialCreateError).cause).toMatchObject({ code: timeIsUp });
    const app = await guidOf("slow");
    await until(async () => {
      const [task] = (await api.get(`/v3/apps/${app}/tasks`)).body.resources;
      return task.state === "FAILED" || undefined;
    });
    await stack.destroy();
  });

  it("goes back to what ran when the new instances crash, and shows the log's end", async () => {
    const stack = harness.stack();
    const good = smallApp("crashes", { release: undefined });
    await stack.up(harness.render(good, archives.good));
    const bad = smallApp("crashes", {
      release: undefined,
      processes: {
        web: { command: "echo out of cheese; exit 1", http: {} },
        worker: { command: "node worker.js" },
      },
    });
    const failure = stack.up(harness.render(bad, archives.good));
    await expect(failure).rejects.toMatchObject({
      code: "start-failed",
      message: expect.stringContaining("out of cheese"),
      suggestion: expect.any(String),
    });
    const app = await guidOf("crashes");
    const [deployment] = (await api.get(`/v3/deployments?app_guids=${app}&order_by=-created_at`)).body
      .resources;
    await until(async () => {
      const { body } = await api.get(`/v3/deployments/${deployment.guid}`);
      return body.status.reason === "CANCELED" || undefined;
    });
    expect((await api.visit("crashes.apps.test")).status).toBe(200);
    await stack.up(harness.render(good, archives.good));
    await stack.destroy();
  });

  it("restarts the app once or twice, not once a change", async () => {
    const proxy = await openProxy(harness.served.url);
    try {
      const stack = new DirectStack(
        cloudfoundry,
        { ...harness.connection, url: proxy.url },
        { SAMPLE_TOKEN: "x" },
      );
      const app = smallApp("coalesced", { release: undefined });
      await stack.up(harness.render(app, archives.good));
      const deployments = () => proxy.seen.filter((line) => line === "POST /v3/deployments").length;
      expect(deployments()).toBe(0);
      // As an engine does that updates in parallel what doesn't depend on one another.
      const changed = smallApp("coalesced", {
        release: undefined,
        config: { COLOR: "blue" },
        processes: {
          web: { command: "exec node web.js", http: { health: { path: "/up" } } },
          worker: { command: "exec node worker.js" },
        },
      });
      const wanted = harness.render(changed, archives.good).resources;
      const names = ["environment", "process-web", "process-worker"];
      await Promise.all(
        names.map(async (name) => {
          const kept = stack.kept.get(name);
          const handler = stack.handler(kept?.type ?? "");
          const inputs = wanted.find((resource) => resource.name === name)?.inputs ?? {};
          const resolved = handler.inputs.parse({ ...kept?.inputs, ...withoutReferences(inputs) });
          if (kept === undefined) throw new Error(name);
          await handler.update?.(stack.context(), kept, resolved as typeof kept.inputs);
        }),
      );
      expect(deployments()).toBeGreaterThanOrEqual(1);
      expect(deployments()).toBeLessThanOrEqual(2);
      const { body } = await api.get(`/v3/apps/${await guidOf("coalesced")}/processes/web`);
      expect(body).toMatchObject({
        command: "exec node web.js",
        health_check: { data: { endpoint: "/up" } },
      });
      await stack.destroy();
    } finally {
      await proxy.close();
    }
  });

  it("goes on with a change of config that took longer than its time, instead of beginning anew", async () => {
    const app = smallApp("patient", {
      release: undefined,
      processes: { web: { command: "sleep 4; exec node web.js", http: {} } },
    });
    const stack = harness.stack();
    await stack.up(harness.render(app, archives.good));
    const control = harness.control(app);
    const change = { COLOR: "red" };
    await expect(control.setConfig(change, { timeoutMs: 3_000 })).rejects.toMatchObject({ code: timeIsUp });
    await control.setConfig(change);
    expect((await api.echo("patient.apps.test")).color).toBe("red");
    const { body } = await api.get(`/v3/deployments?app_guids=${await guidOf("patient")}`);
    expect(body.resources).toHaveLength(1);
    await stack.destroy();
  });

  it("says what the marketplace has when it hasn't what is asked for", async () => {
    const missing = harness.stack().up(
      harness.render(
        sampleApp("no-plan", {
          services: { database: { type: "postgres", plan: { cloudfoundry: "huge" } } },
        }),
        archives.good,
      ),
    );
    await expect(missing).rejects.toMatchObject({
      code: "plan-not-offered",
      message: expect.stringContaining("small, medium, large"),
    });
    const unknown = harness
      .stack()
      .up(harness.render(sampleApp("no-offer", { services: { queue: { type: "kafka" } } }), archives.good));
    await expect(unknown).rejects.toBeInstanceOf(NotFoundError);
  });

  it("says which organization or space isn't there", async () => {
    const settings = (more: object) => cloudfoundry.settings.parse(more);
    const up = (more: object) =>
      harness
        .stack()
        .up(cloudfoundry.render(smallApp("lost"), { name: "x", role: "active", settings: settings(more) }));
    await expect(up({ organization: "nobody" })).rejects.toMatchObject({ code: "organization-not-found" });
    await expect(up({ space: "nowhere" })).rejects.toMatchObject({ code: "space-not-found" });
  });
});

/** Inputs that are plain values; references are left as they were resolved before. */
function withoutReferences(inputs: object): object {
  return Object.fromEntries(
    Object.entries(inputs).filter(([, value]) => !JSON.stringify(value ?? null).includes('"$')),
  );
}
