import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/base/json.ts";
import { silentLog } from "../../src/base/log.ts";
import type { ResourceContext } from "../../src/platform/handler.ts";
import type { Zone } from "../../src/traffic/contract.ts";
import { openZone } from "../../src/traffic/registry.ts";
import { type TrafficConnection, trafficResources } from "../../src/traffic/resource.ts";
import { readRole } from "../../src/traffic/role.ts";
import { zoneSettingsSchema } from "../../src/traffic/settings.ts";
import { embedded, type NameServer, ownerKey } from "./name-server.ts";

const handler = trafficResources["understudy:traffic:Records"];
if (handler?.update === undefined) throw new Error("there is no such resource, or it can't be updated");
const { create, read, update, delete: remove, inputs: schema } = handler;

const addresses = { type: "A" as const, values: ["192.0.2.1"] };
const mirror = { type: "CNAME" as const, values: ["app.example.net"] };

let server: NameServer;
let warnings: string[];
let context: ResourceContext<TrafficConnection>;

beforeEach(async () => {
  server = await embedded.start();
  warnings = [];
  context = {
    connection: { key: ownerKey },
    log: { ...silentLog, warn: (message) => warnings.push(message) },
    signal: new AbortController().signal,
  };
});
afterEach(() => server.stop());

function zoneOf(names: readonly string[], more: object = {}) {
  return {
    type: "rfc2136" as const,
    zone: "example.test",
    names: [...names],
    servers: [`127.0.0.1:${server.port}`],
    ...more,
  };
}
function settingsOf(...names: readonly string[]) {
  return zoneSettingsSchema.parse({ ...zoneOf(names), key: ownerKey });
}
function inputsOf(names: readonly string[], more: object = {}): JsonObject {
  return schema.parse({ zone: zoneOf(names), active: "primary", target: addresses, ...more }) as JsonObject;
}

/** What a cutover does. */
async function cutover(zone: Zone): Promise<void> {
  const { ledger } = await zone.read();
  if (ledger === undefined) throw new Error("there is no ledger");
  const next = { epoch: ledger.epoch + 1, active: "mirror", by: "cutover-1" };
  await zone.change({ expect: ledger, ledger: next, target: mirror, ttlSeconds: 30 });
}

const names = ["www.example.test"];

describe("the records as a resource", () => {
  test("are made with epoch 1, and read as they were made", async () => {
    const inputs = inputsOf(names);
    const made = await create(context, inputs);
    expect(made).toEqual({
      id: "_understudy.www.example.test",
      outputs: {
        ledger: { epoch: 1, active: "primary", by: expect.stringMatching(/^up-/) },
        target: addresses,
        ttlSeconds: 30,
      },
    });
    expect(await read(context, made.id, { inputs, outputs: made.outputs })).toEqual({ ...made, inputs });
  });

  test("a ledger that is there is taken as it is, and nobody is moved", async () => {
    await create(context, inputsOf(names));
    await cutover(openZone(settingsOf(...names)));
    const again = await create(context, inputsOf(names));
    expect(again.outputs).toEqual({
      ledger: { epoch: 2, active: "mirror", by: "cutover-1" },
      target: mirror,
      ttlSeconds: 30,
    });
    expect((await openZone(settingsOf(...names)).read()).target).toEqual(mirror);
  });

  test("records that lead elsewhere are left alone, unless told", async () => {
    await expect(create(context, inputsOf(["taken.example.test"]))).rejects.toMatchObject({
      rule: "records-not-ours",
    });
    const told = await create(context, inputsOf(["taken.example.test"], { overwrite: true }));
    expect(told.outputs.target).toEqual(addresses);
  });

  test("an update sets TTL and further names, and leaves users where a cutover sent them", async () => {
    const before = inputsOf(names);
    const made = await create(context, before);
    await cutover(openZone(settingsOf(...names)));
    const wider = inputsOf([...names, "api.example.test"], { ttlSeconds: 5 });
    const outputs = await update(context, { ...made, inputs: before }, wider);
    expect(outputs).toEqual({
      ledger: { epoch: 2, active: "mirror", by: "cutover-1" },
      target: mirror,
      ttlSeconds: 5,
    });
    for (const name of [...names, "api.example.test"]) {
      expect(await openZone(settingsOf(name)).read(), name).toMatchObject({ target: mirror, ttlSeconds: 5 });
    }
    await update(context, { ...made, inputs: wider }, before);
    expect(warnings.join()).toContain("api.example.test");
  });

  test("a refresh shows where users are now, and what TTL they get", async () => {
    const inputs = inputsOf(names);
    const made = await create(context, inputs);
    await cutover(openZone(settingsOf(...names)));
    const found = await read(context, made.id, { inputs, outputs: made.outputs });
    expect(found?.inputs).toEqual({ ...inputs, active: "mirror", target: mirror });
    const hasty = openZone(settingsOf(...names));
    const { ledger } = await hasty.read();
    if (ledger === undefined) throw new Error("there is no ledger");
    await hasty.change({ expect: ledger, ledger, target: mirror, ttlSeconds: 1 });
    expect((await read(context, made.id, { inputs, outputs: made.outputs }))?.inputs).toMatchObject({
      ttlSeconds: 1,
    });
  });

  test("the ledger stays at its name", async () => {
    const inputs = inputsOf(names);
    const made = await create(context, inputs);
    const moved = update(context, { ...made, inputs }, inputsOf(["other.example.test"]));
    await expect(moved).rejects.toMatchObject({ rule: "ledger-stays" });
  });

  test("go only when the state knows where users are sent", async () => {
    const inputs = inputsOf(names);
    const made = await create(context, inputs);
    await cutover(openZone(settingsOf(...names)));
    await expect(remove(context, { ...made, inputs })).rejects.toMatchObject({ rule: "ledger-as-known" });
    const refreshed = await read(context, made.id, { inputs, outputs: made.outputs });
    if (refreshed === undefined) throw new Error("they are gone");
    await remove(context, refreshed);
    await remove(context, refreshed);
    expect(await read(context, made.id, { inputs, outputs: made.outputs })).toBeUndefined();
    expect((await openZone(settingsOf(...names)).read()).target).toBeUndefined();
  });

  test("records that somebody removed are said to be gone", async () => {
    const inputs = inputsOf(names);
    const made = await create(context, inputs);
    const zone = openZone(settingsOf(...names));
    const { ledger } = await zone.read();
    if (ledger !== undefined) await zone.remove(ledger);
    await expect(update(context, { ...made, inputs }, inputs)).rejects.toMatchObject({
      code: "records-gone",
    });
  });

  test("bad inputs are refused: a key among the settings, an empty target, a site's name that can't be in a ledger", () => {
    const good = { zone: zoneOf(names), active: "primary", target: addresses };
    expect(schema.safeParse(good).success).toBe(true);
    expect(schema.safeParse({ ...good, zone: zoneOf(names, { key: ownerKey }) }).success).toBe(false);
    expect(schema.safeParse({ ...good, target: { type: "A", values: [] } }).success).toBe(false);
    expect(schema.safeParse({ ...good, active: "a;b" }).success).toBe(false);
  });

  test("can't be imported by a name alone, and says what to do", async () => {
    await expect(read(context, "_understudy.www.example.test", undefined)).rejects.toMatchObject({
      rule: "create-adopts",
    });
  });
});

describe("the role of a site", () => {
  test("is what the ledger says; none before there is one", async () => {
    const settings = settingsOf(...names);
    expect(await readRole(settings, "primary")).toMatchObject({ role: "none" });
    await create(context, inputsOf(names));
    expect(await readRole(settings, "primary")).toMatchObject({
      role: "active",
      reason: "epoch 1, active primary",
    });
    expect(await readRole(settings, "mirror")).toMatchObject({ role: "standby" });
    await cutover(openZone(settings));
    expect(await readRole(settings, "primary")).toMatchObject({
      role: "standby",
      reason: "epoch 2, active mirror",
    });
  });

  test("is unknown when no server answers, and the reason says so", async () => {
    const away = { ...settingsOf(...names), servers: ["127.0.0.1:1"] };
    const reading = await readRole(away, "primary");
    expect(reading).toMatchObject({ role: "unknown", ledger: undefined });
    expect(reading.reason).toContain("can't be reached");
  });
});
