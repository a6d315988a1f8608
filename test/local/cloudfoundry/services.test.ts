import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Answer, type Api, logIn, until } from "./api.ts";
import { type ServedCloudFoundry, serveCloudFoundry } from "./serve.ts";

describe("services", () => {
  let served: ServedCloudFoundry;
  let api: Api;
  let app: string;

  beforeAll(async () => {
    served = await serveCloudFoundry();
    api = await logIn(served);
    app = await api.runApp("client");
  });
  afterAll(() => served.close());

  const inSpace = async () => ({ space: { data: { guid: await api.space() } } });
  const plan = async (offering: string, name = "small"): Promise<string> =>
    (await api.get(`/v3/service_plans?names=${name}&service_offering_names=${offering}`)).body.resources[0]
      .guid;
  const create = async (name: string, offering: string): Promise<string> => {
    const relationships = { ...(await inSpace()), service_plan: { data: { guid: await plan(offering) } } };
    const reply = await api.post("/v3/service_instances", { type: "managed", name, relationships });
    expect([reply.status, reply.body]).toEqual([202, ""]);
    expect(await api.job(reply)).toMatchObject({ operation: "service_instance.create", state: "COMPLETE" });
    return (await api.get(`/v3/service_instances?names=${name}`)).body.resources[0].guid;
  };
  const bind = async (instance: string, more: object = {}) =>
    api.post("/v3/service_credential_bindings", {
      type: "app",
      relationships: { service_instance: { data: { guid: instance } }, app: { data: { guid: app } } },
      ...more,
    });
  const bindingOf = async (instance: string): Promise<Answer> =>
    (await api.get(`/v3/service_credential_bindings?service_instance_guids=${instance}`)).body.resources[0];
  const environment = async (): Promise<Answer> => {
    await api.post(`/v3/apps/${app}/actions/restart`);
    await api.running(app, "web", 1);
    return (await api.echo("client.apps.test")).env;
  };

  it("offers what it has", async () => {
    const { body } = await api.get("/v3/service_offerings");
    expect(body.resources.map((offering: Answer) => offering.name)).toEqual(["postgres", "redis"]);
  });

  it("gives a database that works, to an app that finds it in VCAP_SERVICES and DATABASE_URL", async () => {
    const instance = await create("main-db", "postgres");
    expect(await api.job(await bind(instance, { name: "database" }))).toMatchObject({ state: "COMPLETE" });
    const env = await environment();
    const services = JSON.parse(env.VCAP_SERVICES);
    expect(services.postgres).toMatchObject([
      {
        label: "postgres",
        plan: "small",
        name: "database",
        instance_name: "main-db",
        binding_name: "database",
      },
    ]);
    const { credentials } = services.postgres[0];
    expect(env.DATABASE_URL).toBe(credentials.uri);
    const client = new Client({ connectionString: credentials.uri });
    await client.connect();
    try {
      const { rows } = await client.query(
        "SELECT current_database() AS name, rolsuper FROM pg_roles WHERE rolname = current_user",
      );
      expect(rows).toEqual([{ name: credentials.name, rolsuper: false }]);
    } finally {
      await client.end();
    }
    const details = await api.get(
      `/v3/service_credential_bindings/${(await bindingOf(instance)).guid}/details`,
    );
    expect(details.body.credentials).toEqual(credentials);
  });

  it("binds once, by a unique name, within one space", async () => {
    const instance = (await api.get("/v3/service_instances?names=main-db")).body.resources[0].guid;
    const again = await bind(instance);
    expect([again.status, again.body.errors[0].detail]).toEqual([
      422,
      "The app is already bound to the service instance",
    ]);
    const other = await create("other-db", "postgres");
    expect((await bind(other, { name: "database" })).body.errors[0].detail).toMatch(
      /binding name is invalid/,
    );
    await api.job(await api.delete(`/v3/service_instances/${other}`));
    expect((await api.get(`/v3/service_instances/${other}`)).status).toBe(404);
  });

  it("refuses a name that is taken, a plan that isn't there, and fields of the other kind", async () => {
    const relationships = { ...(await inSpace()), service_plan: { data: { guid: await plan("redis") } } };
    const taken = await api.post("/v3/service_instances", {
      type: "managed",
      name: "main-db",
      relationships,
    });
    expect(taken.body.errors[0].detail).toBe("The service instance name is taken: main-db.");
    const nowhere = { ...(await inSpace()), service_plan: { data: { guid: "nothing" } } };
    expect(
      (await api.post("/v3/service_instances", { type: "managed", name: "x", relationships: nowhere }))
        .status,
    ).toBe(422);
    const mixed = { type: "managed", name: "y", relationships, credentials: {} };
    expect((await api.post("/v3/service_instances", mixed)).body.errors[0].detail).toBe(
      "Unknown field(s): 'credentials'",
    );
  });

  it("changes a plan within its offering only, by a job; metadata at once", async () => {
    const [{ guid }] = (await api.get("/v3/service_instances?names=main-db")).body.resources;
    const to = async (plan: string) =>
      api.patch(`/v3/service_instances/${guid}`, {
        relationships: { service_plan: { data: { guid: plan } } },
      });
    expect(await api.job(await to(await plan("postgres", "large")))).toMatchObject({ state: "COMPLETE" });
    expect((await to(await plan("redis"))).status).toBe(422);
    expect(
      (await api.patch(`/v3/service_instances/${guid}`, { metadata: { labels: { a: "b" } } })).status,
    ).toBe(200);
  });

  it("gives a Redis, and takes it back", async () => {
    const instance = await create("cache", "redis");
    await api.job(await bind(instance));
    const services = JSON.parse((await environment()).VCAP_SERVICES);
    expect(services.redis[0]).toMatchObject({
      name: "cache",
      credentials: { uri: expect.stringMatching(/^redis:\/\/:/) },
    });
    await api.job(await api.delete(`/v3/service_credential_bindings/${(await bindingOf(instance)).guid}`));
    expect(await api.job(await api.delete(`/v3/service_instances/${instance}`))).toMatchObject({
      state: "COMPLETE",
    });
  });

  it("gives keys to people, of managed services only, by a name", async () => {
    const [{ guid }] = (await api.get("/v3/service_instances?names=main-db")).body.resources;
    const key = (name?: string) =>
      api.post("/v3/service_credential_bindings", {
        type: "key",
        name,
        relationships: { service_instance: { data: { guid } } },
      });
    expect((await key()).body.errors[0].detail).toBe("Name can't be blank");
    expect(await api.job(await key("mine"))).toMatchObject({ state: "COMPLETE" });
    expect((await key("mine")).body.errors[0].detail).toMatch(/Key binding names must be unique/);
  });

  it("sends the app's log to the drain of a user-provided service", async () => {
    let received = "";
    const sink = createServer((socket) =>
      socket.on("data", (chunk) => (received += chunk)).on("error", () => {}),
    );
    await new Promise<void>((resolve) => sink.listen(0, "127.0.0.1", resolve));
    const { port } = sink.address() as AddressInfo;
    const made = await api.post("/v3/service_instances", {
      type: "user-provided",
      name: "drain",
      syslog_drain_url: `syslog://127.0.0.1:${port}`,
      relationships: await inSpace(),
    });
    expect(made.status).toBe(201);
    const bound = await bind(made.body.guid);
    expect(bound.status).toBe(201);
    await api.post(`/v3/apps/${app}/processes/worker/actions/scale`, { instances: 1 });
    await until(async () => received.includes("worker works") || undefined);
    expect((await api.delete(`/v3/service_credential_bindings/${bound.body.guid}`)).status).toBe(204);
    expect((await api.delete(`/v3/service_instances/${made.body.guid}`)).status).toBe(204);
    sink.close();
  });
});
