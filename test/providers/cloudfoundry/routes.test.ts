import { type AddressInfo, createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parkedKey } from "../../../providers/cloudfoundry/api/annotations.ts";
import { type SampleArchives, sampleArchives } from "../../contract/sample.ts";
import type { DirectStack } from "../../contract/stack.ts";
import { type Answer, type Api, logIn, until } from "../../local/cloudfoundry/api.ts";
import { type Harness, openHarness, smallApp } from "./harness.ts";

describe("routes", () => {
  let harness: Harness;
  let archives: SampleArchives;
  let api: Api;
  let stack: DirectStack;
  const app = smallApp("routed", {
    release: undefined,
    domains: ["routed.example.com", "*.routed.example.com"],
  });

  beforeAll(async () => {
    archives = await sampleArchives();
    harness = await openHarness();
    api = await logIn(harness.served);
    stack = harness.stack();
    await stack.up(harness.render(app, archives.good));
  });
  afterAll(async () => {
    await harness?.close();
    await archives?.remove();
  });

  const statusAt = async (host: string) => (await api.visit(host)).status;
  const drift = async (): Promise<readonly string[]> => {
    const changed: string[] = [];
    for (const [name, kept] of stack.kept) {
      const reading = await stack.read(name);
      if (JSON.stringify(reading?.inputs) !== JSON.stringify(kept.inputs)) changed.push(name);
    }
    return changed;
  };
  const routeGuid = (name: string): string => stack.kept.get(name)?.id ?? "";
  const guid = (): string => stack.kept.get("app")?.id ?? "";

  it("lead to the app by its default name, its domain and any name below it", async () => {
    for (const host of ["routed.apps.test", "routed.example.com", "any.routed.example.com"]) {
      expect(await statusAt(host)).toBe(200);
    }
    expect(stack.output("route", "target")).toEqual({ type: "CNAME", values: ["routed.apps.test"] });
  });

  it("go to the page in maintenance, where nothing has drifted, and back", async () => {
    const control = harness.control(app);
    await control.maintenance(true);
    const { status, headers, text } = await api.visit("any.routed.example.com");
    expect(status).toBe(503);
    expect(headers["retry-after"]).toBe("30");
    expect(text).toContain("maintenance");
    expect(await drift()).toEqual([]);
    expect(Object.keys((await control.observe()).processes)).not.toContain("understudy-maintenance");
    await control.maintenance(false);
    expect(await statusAt("any.routed.example.com")).toBe(200);
    const { body } = await api.get(`/v3/apps/${guid()}`);
    expect(body.metadata.annotations).toEqual({});
    expect(await api.states(guid(), "understudy-maintenance")).toEqual([]);
  });

  it("can be put back by a run that finds maintenance half done", async () => {
    const control = harness.control(app);
    // A run that was killed after it wrote down where a route led, and before it changed it.
    const route = routeGuid("route-routed.example.com");
    const { destinations } = (await api.get(`/v3/routes/${route}`)).body;
    const annotations = { [parkedKey(route)]: JSON.stringify(destinations) };
    await api.patch(`/v3/apps/${guid()}`, { metadata: { annotations } });
    expect((await control.observe()).maintenance).toBe(true);
    await control.maintenance(true);
    expect(await statusAt("routed.example.com")).toBe(503);
    expect(await statusAt("routed.apps.test")).toBe(503);
    await control.maintenance(false);
    expect(await statusAt("routed.example.com")).toBe(200);
    expect(await statusAt("routed.apps.test")).toBe(200);
  });

  it("stay in maintenance through a new deployment", async () => {
    const control = harness.control(app);
    await control.maintenance(true);
    await control.restart();
    await until(async () => (await statusAt("routed.example.com")) === 503 || undefined);
    await control.maintenance(false);
    await until(async () => (await statusAt("routed.example.com")) === 200 || undefined);
  });

  it("keep other apps' destinations when theirs change", async () => {
    const other = await api.makeApp("neighbour");
    const route = routeGuid("route");
    await api.post(`/v3/routes/${route}/destinations`, { destinations: [{ app: { guid: other } }] });
    const control = harness.control(app);
    await control.maintenance(true);
    await control.maintenance(false);
    const { destinations } = (await api.get(`/v3/routes/${route}`)).body;
    expect(destinations.map((item: Answer) => item.app.guid).sort()).toEqual([guid(), other].sort());
    await api.job(await api.delete(`/v3/apps/${other}`));
  });

  it("are refused when another app has them, and adopted when nobody has", async () => {
    const owner = await api.makeApp("owner");
    await api.mapRoute(owner, "wanted");
    const wanted = smallApp("wanted", { release: undefined, domains: [] });
    const second = harness.stack();
    await expect(second.up(harness.render(wanted, archives.good))).rejects.toMatchObject({
      code: "route-taken",
    });
    await api.job(await api.delete(`/v3/apps/${owner}`));
    await second.up(harness.render(wanted, archives.good));
    expect(await statusAt("wanted.apps.test")).toBe(200);
    await second.destroy();
    const [left] = (await api.get("/v3/routes?hosts=wanted")).body.resources;
    expect(left.destinations).toEqual([]);
  });

  it("share a domain: whoever made it leaves it to those who still use it", async () => {
    const guest = smallApp("guest", { release: undefined, domains: ["*.routed.example.com"] });
    const second = harness.stack();
    const { resources, ...rest } = harness.render(guest, archives.good);
    const without = resources.filter(({ name }) => name !== "route-wildcard.routed.example.com");
    const release = without.map((resource) => ({
      ...resource,
      dependsOn: (resource.dependsOn ?? []).filter((name) => name !== "route-wildcard.routed.example.com"),
    }));
    await second.up({ ...rest, resources: release });
    expect(second.output("domain-routed.example.com", "adopted")).toBe(true);
    await second.destroy();
    expect(await statusAt("routed.example.com")).toBe(200);
  });

  it("drain the log to where the app says", async () => {
    let received = "";
    const sink = createServer((socket) =>
      socket.on("data", (chunk) => (received += chunk)).on("error", () => {}),
    );
    await new Promise<void>((resolve) => sink.listen(0, "127.0.0.1", resolve));
    const { port } = sink.address() as AddressInfo;
    const drained = smallApp("drained", {
      release: undefined,
      drains: [{ url: `syslog://127.0.0.1:${port}` }],
    });
    const second = harness.stack();
    await second.up(harness.render(drained, archives.good));
    await until(async () => received.includes("worker started") || undefined);
    expect((await second.up(harness.render(drained, archives.good))).updated).toEqual([]);
    await second.destroy();
    expect((await api.get("/v3/service_instances")).body.resources).toEqual([]);
    sink.close();
  });
});
