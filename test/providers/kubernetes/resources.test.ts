import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { resources } from "../../../providers/kubernetes/resources.ts";
import type { Json, JsonObject } from "../../../src/base/json.ts";
import { silentLog } from "../../../src/base/log.ts";
import type { ResourceHandler } from "../../../src/platform/handler.ts";
import { operationLimit } from "../../../src/platform/operation-limit.ts";
import { openScriptedServer, type ScriptedServer, status } from "./scripted-server.ts";

function handlerOf(type: string): ResourceHandler {
  const handler = resources[`understudy:kubernetes:${type}`];
  if (handler === undefined) throw new Error(`There is no ${type}.`);
  return handler as ResourceHandler;
}

describe("a service outside the cluster", () => {
  const handler = handlerOf("ExternalService");
  const context = (services?: Record<string, string>) => ({
    connection: { url: "https://127.0.0.1:1", token: "t", ...(services === undefined ? {} : { services }) },
    log: silentLog,
    signal: new AbortController().signal,
  });

  it("has the URL that the connection gives it", async () => {
    const given = context({ database: "postgres://a:b@db.example.com/shop" });
    const made = await handler.create(given, { name: "database" });
    expect(made).toEqual({ id: "database", outputs: { url: "postgres://a:b@db.example.com/shop" } });
    expect(handler.secrets).toContain("url");
    expect(await handler.read(given, "database", undefined)).toEqual({
      ...made,
      inputs: { name: "database" },
    });
    expect(await handler.read(context(), "database", undefined)).toBeUndefined();
  });

  it("says how to give it one", async () => {
    await expect(handler.create(context({}), { name: "database" })).rejects.toMatchObject({
      code: "no-service-url",
      suggestion: expect.stringContaining("understudy:connection.services.database"),
    });
  });
});

describe("on a server", () => {
  let server: ScriptedServer;
  /** What the server holds, by path. */
  let held: Map<string, JsonObject>;
  const core = "/api/v1/namespaces/shop";

  beforeEach(async () => {
    server = await openScriptedServer();
    held = new Map();
    server.script = ({ method, path, body }) => {
      if (method === "PATCH") {
        held.set(path, { ...held.get(path), ...(JSON.parse(body) as JsonObject) });
      }
      const found = held.get(path);
      if (method === "DELETE") held.delete(path);
      return found === undefined ? undefined : { json: found };
    };
  });
  afterEach(() => server.close());
  const context = (signal = new AbortController().signal) => ({
    connection: { url: server.url, token: "t" },
    log: silentLog,
    signal,
  });

  describe("a database's Secret", () => {
    const handler = handlerOf("ServiceSecret");
    const labels = { "app.kubernetes.io/managed-by": "understudy" };
    const inputs = {
      namespace: "shop",
      name: "shop-database",
      labels,
      scheme: "postgres",
      host: "shop-database.shop.svc",
      port: 5432,
      user: "app",
      database: "app",
    };
    const path = `${core}/secrets/shop-database`;
    const clear = (key: string): string => {
      const data = held.get(path)?.data as JsonObject | undefined;
      return atob(String(data?.[key]));
    };

    it("gets a password of its own, and keeps it when it is made again or changed", async () => {
      const made = await handler.create(context(), inputs);
      const { password, url } = made.outputs;
      expect(password).toMatch(/^[0-9a-f]{36}$/);
      expect(url).toBe(`postgres://app:${password}@shop-database.shop.svc:5432/app?sslmode=disable`);
      expect([clear("username"), clear("password"), clear("url"), clear("database")]).toEqual([
        "app",
        password,
        url,
        "app",
      ]);
      expect((await handler.create(context(), inputs)).outputs).toEqual(made.outputs);
      const moved = await handler.update?.(context(), { ...made, inputs }, { ...inputs, host: "elsewhere" });
      expect(moved).toEqual({
        password,
        url: `postgres://app:${password}@elsewhere:5432/app?sslmode=disable`,
      });
    });

    it("is read back as it was written, and by its id alone", async () => {
      const made = await handler.create(context(), inputs);
      const known = { inputs, outputs: made.outputs };
      expect(await handler.read(context(), made.id, known)).toEqual({ ...made, inputs });
      expect(await handler.read(context(), made.id, undefined)).toEqual({ ...made, inputs });
      await handler.delete(context(), { ...made, inputs });
      expect(await handler.read(context(), made.id, known)).toBeUndefined();
      await handler.delete(context(), { ...made, inputs });
    });

    it("is not written over a Secret of someone else's", async () => {
      held.set(path, {
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: "shop-database", namespace: "shop" },
      });
      await expect(handler.create(context(), inputs)).rejects.toMatchObject({ code: "name-taken" });
    });
  });

  describe("an entrance", () => {
    const handler = handlerOf("Entrance");
    const inputs = (changes: JsonObject = {}) =>
      handler.inputs.parse({
        namespace: "shop",
        kind: "Service",
        name: "web",
        hosts: ["a.example.com"],
        ...changes,
      }) as JsonObject;

    function service(ingress: Json): JsonObject {
      const metadata = { name: "web", namespace: "shop", uid: "1", resourceVersion: "5" };
      return { apiVersion: "v1", kind: "Service", metadata, status: { loadBalancer: { ingress } } };
    }

    it.each([
      [[{ ip: "203.0.113.7" }, { ip: "2001:db8::7" }], { type: "A", values: ["203.0.113.7"] }],
      [[{ ip: "2001:db8::7" }], { type: "AAAA", values: ["2001:db8::7"] }],
      [[{ hostname: "lb.example.net" }], { type: "CNAME", values: ["lb.example.net"] }],
    ])("says what DNS must say for %j", async (ingress, traffic) => {
      held.set(`${core}/services/web`, service(ingress));
      const read = await handler.read(context(), "shop/Service/web", undefined);
      expect(read?.outputs).toEqual({ traffic });
    });

    it("waits until the object's status names an address", async () => {
      server.script = ({ path, query }) => {
        if (path !== `${core}/services`) return undefined;
        expect(query.fieldSelector).toBe("metadata.name=web");
        if (query.watch !== "true")
          return { json: { metadata: { resourceVersion: "1" }, items: [service([])] } };
        const changed = { type: "MODIFIED", object: service([{ ip: "203.0.113.7" }]) };
        return { lines: [changed], ending: "stay" };
      };
      const made = await handler.create(context(), inputs());
      expect(made).toEqual({
        id: "shop/Service/web",
        outputs: { traffic: { type: "A", values: ["203.0.113.7"] } },
      });
    });

    it("says that there is no address, and what may be wrong, when its time is up", async () => {
      server.script = ({ path, query }) => {
        if (path === `${core}/services/web`) return { json: service([]) };
        if (path !== `${core}/services`) return undefined;
        return query.watch === "true"
          ? { lines: [], ending: "stay" }
          : { json: { metadata: { resourceVersion: "1" }, items: [service([])] } };
      };
      await expect(handler.create(context(operationLimit(0.3)), inputs())).rejects.toMatchObject({
        code: "no-address",
        message: expect.stringContaining("Service shop/web has no address"),
        suggestion: expect.stringMatching(/load balancers.*traffic:/),
      });
    });

    it("takes a cluster that can't be asked for no cluster without it", async () => {
      server.script = () => status(503, "ServiceUnavailable", "etcd has no leader");
      await expect(handler.create(context(operationLimit(0.3)), inputs())).rejects.toThrow("no leader");
    });

    it("asks nobody when the settings know it", async () => {
      server.script = () => status(500, "InternalError", "nobody should ask");
      const traffic = { type: "A", values: ["198.51.100.1"] };
      expect((await handler.create(context(), inputs({ traffic }))).outputs).toEqual({ traffic });
    });
  });
});
