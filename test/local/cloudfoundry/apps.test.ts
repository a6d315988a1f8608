import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Answer, type Api, echoApp, logIn, until } from "./api.ts";
import { type ServedCloudFoundry, serveCloudFoundry } from "./serve.ts";

describe("apps", () => {
  let served: ServedCloudFoundry;
  let api: Api;
  let app: string;

  beforeAll(async () => {
    served = await serveCloudFoundry();
    api = await logIn(served);
    app = await api.runApp("echo");
  });
  afterAll(() => served.close());

  const setEnv = (name: string, value: string | null) =>
    api.patch(`/v3/apps/${app}/environment_variables`, { var: { [name]: value } });
  const webProcesses = async (): Promise<readonly Answer[]> =>
    (await api.get(`/v3/apps/${app}/processes?types=web`)).body.resources;
  const deploy = async (more: object = {}): Promise<Answer> => {
    const relationships = { app: { data: { guid: app } } };
    return (await api.post("/v3/deployments", { relationships, ...more })).body;
  };
  const finalized = (deployment: string): Promise<Answer> =>
    until(async () => {
      const { body } = await api.get(`/v3/deployments/${deployment}`);
      return body.status.value === "FINALIZED" ? body : undefined;
    });

  describe("an app that runs", () => {
    it("has a web process with the app's own guid, and the droplet's other types without instances", async () => {
      const { body } = await api.get(`/v3/apps/${app}/processes`);
      expect(body.resources).toMatchObject([
        { guid: app, type: "web", instances: 1, command: "[PRIVATE DATA HIDDEN IN LISTS]" },
        { type: "worker", instances: 0, health_check: { type: "process" } },
      ]);
    });

    it("finds what the platform tells it in its environment", async () => {
      const { env } = await api.echo("echo.apps.test");
      expect(env).toMatchObject({ MEMORY_LIMIT: "1024m", CF_INSTANCE_INDEX: "0", VCAP_APP_PORT: env.PORT });
      expect(JSON.parse(env.VCAP_APPLICATION)).toMatchObject({
        application_id: app,
        application_name: "echo",
        uris: ["echo.apps.test"],
        space_name: "apps",
      });
      expect(JSON.parse(env.VCAP_SERVICES)).toEqual({});
      expect(env).not.toHaveProperty("DATABASE_URL");
    });

    it("sees a changed variable only after a restart, also in instances that scaling adds", async () => {
      await setEnv("COLOR", "red");
      await api.post(`/v3/apps/${app}/processes/web/actions/scale`, { instances: 2 });
      await api.running(app, "web", 2);
      for (let visit = 0; visit < 4; visit++)
        expect((await api.echo("echo.apps.test")).env.COLOR).toBeUndefined();
      await api.post(`/v3/apps/${app}/actions/restart`);
      await until(async () => (await api.echo("echo.apps.test")).env.COLOR === "red" || undefined);
      await api.post(`/v3/apps/${app}/processes/web/actions/scale`, { instances: 1 });
      await api.running(app, "web", 1);
    });

    it("scales with 202 and a body, without a job", async () => {
      const reply = await api.post(`/v3/apps/${app}/processes/worker/actions/scale`, { instances: 1 });
      expect([reply.status, reply.body.instances, reply.headers.get("location")]).toEqual([202, 1, null]);
      await api.running(app, "worker", 1);
    });

    it("shows stopped instances as DOWN, and the router knows no route to them", async () => {
      await api.post(`/v3/apps/${app}/actions/stop`);
      const visit = await until(async () => {
        const answer = await api.visit("echo.apps.test");
        return answer.status === 404 ? answer : undefined;
      });
      expect(visit.headers["x-cf-routererror"]).toBe("unknown_route");
      expect(visit.text).toContain("Requested route ('echo.apps.test') does not exist");
      expect(await api.states(app, "web")).toEqual(["DOWN"]);
      await api.post(`/v3/apps/${app}/actions/start`);
      await api.running(app, "web", 1);
    });

    it("tells its lines through log-cache, by a time that is unique", async () => {
      const batch = await until(async () => {
        const { body } = await api.get(`/api/v1/read/${app}?envelope_types=LOG&limit=1000&descending=true`);
        const lines = body.envelopes.batch.map((item: Answer) =>
          Buffer.from(item.log.payload, "base64").toString(),
        );
        return lines.includes("worker works") ? body.envelopes.batch : undefined;
      });
      const times: string[] = batch.map((item: Answer) => item.timestamp);
      expect(new Set(times).size).toBe(times.length);
      const sources = new Set(batch.map((item: Answer) => item.tags.source_type));
      expect([...sources]).toEqual(expect.arrayContaining(["APP/PROC/WORKER", "CELL", "STG"]));
      const since = await api.get(`/api/v1/read/${app}?start_time=${BigInt(times[0] ?? "0") + 1n}`);
      expect(since.body.envelopes.batch.length).toBeLessThan(times.length);
    });
  });

  describe("deployments", () => {
    it("take up changes without a gap, in a new web process, and end as DEPLOYED", async () => {
      const [before] = await webProcesses();
      await setEnv("COLOR", "green");
      const failures: number[] = [];
      const visitor = setInterval(async () => {
        const { status } = await api.visit("echo.apps.test");
        if (status !== 200) failures.push(status);
      }, 20);
      const {
        guid,
        new_processes: [made],
      } = await deploy();
      expect(await finalized(guid)).toMatchObject({ status: { reason: "DEPLOYED" } });
      clearInterval(visitor);
      expect(failures).toEqual([]);
      expect((await webProcesses()).map((process) => process.guid)).toEqual([made.guid]);
      expect(made.guid).not.toBe(before.guid);
      expect((await api.echo("echo.apps.test")).env.COLOR).toBe("green");
    });

    it("leave the old instances alone while the new ones crash, refuse to scale web, and can be cancelled", async () => {
      const broken = await api.build(app, { ...echoApp, "web.js": "process.exit(1);" });
      const { guid } = await deploy({ droplet: { guid: broken.droplet.guid } });
      await until(async () => (await api.states(app, "web")).includes("CRASHED") || undefined);
      expect((await api.echo("echo.apps.test")).env.COLOR).toBe("green");
      const scale = await api.post(`/v3/apps/${app}/processes/web/actions/scale`, { instances: 3 });
      expect([scale.status, scale.body.errors[0].code]).toEqual([422, 10008]);
      expect((await api.post(`/v3/deployments/${guid}/actions/cancel`)).status).toBe(200);
      expect(await finalized(guid)).toMatchObject({ status: { reason: "CANCELED" } });
      const { body } = await api.get(`/v3/apps/${app}/droplets/current`);
      expect(body.guid).not.toBe(broken.droplet.guid);
      await api.running(app, "web", 1);
      expect((await api.post(`/v3/deployments/${guid}/actions/cancel`)).status).toBe(422);
    });

    it("supersede one another", async () => {
      const first = await deploy();
      const second = await deploy();
      expect(await finalized(first.guid)).toMatchObject({ status: { reason: "SUPERSEDED" } });
      expect(await finalized(second.guid)).toMatchObject({ status: { reason: "DEPLOYED" } });
      expect(await webProcesses()).toHaveLength(1);
    });
  });

  describe("tasks", () => {
    const run = async (command: string): Promise<Answer> => {
      const reply = await api.post(`/v3/apps/${app}/tasks`, { command, name: "job" });
      expect([reply.status, reply.headers.get("location")]).toEqual([202, null]);
      return reply.body;
    };
    const ended = (guid: string): Promise<Answer> =>
      until(async () => {
        const { body } = await api.get(`/v3/tasks/${guid}`);
        return ["SUCCEEDED", "FAILED"].includes(body.state) ? body : undefined;
      });

    it("run in the app's environment and tell how they ended", async () => {
      const good = await run('test -n "$VCAP_APPLICATION" && echo done in task');
      expect(await ended(good.guid)).toMatchObject({ state: "SUCCEEDED", result: { failure_reason: null } });
      const bad = await run("exit 3");
      expect(await ended(bad.guid)).toMatchObject({
        state: "FAILED",
        result: { failure_reason: expect.stringContaining("Exited with status 3") },
      });
      expect(bad.sequence_id).toBe(good.sequence_id + 1);
    });

    it("can be cancelled, by either path, but not twice", async () => {
      const { guid } = await run("sleep 60");
      await until(async () => (await api.get(`/v3/tasks/${guid}`)).body.state === "RUNNING" || undefined);
      expect((await api.send("PUT", `/v3/tasks/${guid}/cancel`)).status).toBe(202);
      expect(await ended(guid)).toMatchObject({ result: { failure_reason: "task was cancelled" } });
      expect((await api.post(`/v3/tasks/${guid}/actions/cancel`)).status).toBe(422);
    });
  });

  describe("packages and builds", () => {
    it("refuse a second upload, and a build of what isn't there yet", async () => {
      const relationships = { app: { data: { guid: app } } };
      const { body } = await api.post("/v3/packages", { type: "bits", relationships });
      expect((await api.post("/v3/builds", { package: { guid: body.guid } })).status).toBe(422);
      const form = new FormData();
      form.set("bits", new Blob(["PK"]), "bits.zip");
      expect((await api.send("POST", `/v3/packages/${body.guid}/upload`, { form })).status).toBe(200);
      const again = await api.send("POST", `/v3/packages/${body.guid}/upload`, { form });
      expect([again.status, again.body.errors[0].detail]).toEqual([422, "Bits have already been uploaded"]);
    });

    it("fail with a reason, and the log tells more", async () => {
      const lock = JSON.stringify({
        lockfileVersion: 3,
        packages: {
          "": { dependencies: { nothing: "file:nothing.tgz" } },
          "node_modules/nothing": { resolved: "file:nothing.tgz" },
        },
      });
      const build = await api.build(app, {
        "package.json": '{"name":"x","version":"1.0.0","dependencies":{"nothing":"file:nothing.tgz"}}',
        "package-lock.json": lock,
      });
      expect(build).toMatchObject({
        state: "FAILED",
        droplet: null,
        error: expect.stringMatching(/^BuildpackCompileFailed/),
      });
    });

    it("can't start without a droplet", async () => {
      const bare = await api.makeApp("bare");
      const { status, body } = await api.post(`/v3/apps/${bare}/actions/start`);
      expect([status, body.errors[0].detail]).toEqual([422, "Assign a droplet before starting this app."]);
    });

    it("run no container images, and say so", async () => {
      const relationships = { app: { data: { guid: app } } };
      const { body: made } = await api.post("/v3/packages", {
        type: "docker",
        data: { image: "nginx" },
        relationships,
      });
      const { body } = await api.post("/v3/builds", { package: { guid: made.guid } });
      expect(body).toMatchObject({ state: "FAILED", error: expect.stringContaining("no container images") });
    });
  });

  it("takes a manifest: what it leaves out stays", async () => {
    const space = await api.space();
    const apply = (text: string, type = "application/x-yaml") =>
      api.send("POST", `/v3/spaces/${space}/actions/apply_manifest`, {
        text,
        headers: { "content-type": type },
      });
    const manifest = `
applications:
- name: described
  memory: 256M
  env: {A: 1, B: true}
  default-route: true
  health-check-type: http
  health-check-http-endpoint: /up
  processes:
  - {type: clock, command: node clock.js, instances: 1, memory: 64M}
`;
    expect((await apply(manifest, "text/plain")).status).toBe(400);
    expect((await apply("applications: [{name: x, memory: 12}]")).body.errors[0].detail).toMatch(
      /^For application 'x': memory/,
    );
    expect(await api.job(await apply(manifest))).toMatchObject({ state: "COMPLETE" });
    const guid = (await api.get("/v3/apps?names=described")).body.resources[0].guid;
    expect((await api.get(`/v3/apps/${guid}/environment_variables`)).body.var).toEqual({ A: "1", B: "true" });
    expect((await api.get(`/v3/apps/${guid}/processes/web`)).body).toMatchObject({
      memory_in_mb: 256,
      health_check: { type: "http", data: { endpoint: "/up" } },
    });
    expect((await api.get(`/v3/apps/${guid}/processes/clock`)).body).toMatchObject({
      command: "node clock.js",
    });
    expect((await api.get(`/v3/apps/${guid}/routes`)).body.resources[0].url).toBe("described.apps.test");
    await api.job(await apply("applications: [{name: described, memory: 128M}]"));
    expect((await api.get(`/v3/apps/${guid}/environment_variables`)).body.var).toEqual({ A: "1", B: "true" });
  });

  it("leaves its routes behind when it is deleted", async () => {
    const gone = await api.makeApp("gone");
    const route = await api.mapRoute(gone, "gone");
    await api.job(await api.delete(`/v3/apps/${gone}`));
    const { status, body } = await api.get(`/v3/routes/${route}`);
    expect([status, body.destinations]).toEqual([200, []]);
    expect((await api.get(`/v3/apps/${gone}/processes`)).status).toBe(404);
  });
});
