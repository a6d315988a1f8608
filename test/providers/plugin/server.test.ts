import grpc from "@grpc/grpc-js";
import providerGrpc from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import pb from "@pulumi/pulumi/proto/provider_pb.js";
import status from "@pulumi/pulumi/proto/status_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { providerConfig } from "../../../providers/plugin/config.ts";
import { pluginService, resourceProviderService } from "../../../providers/plugin/server.ts";
import { fromStruct, toStruct, unknownValue } from "../../../providers/plugin/wire.ts";
import type { JsonObject } from "../../../src/base/json.ts";
import { silentLog } from "../../../src/base/log.ts";
import type { ResourceHandler } from "../../../src/platform/handler.ts";
import { PartialCreateError } from "../../../src/platform/partial.ts";

const urn = "urn:pulumi:primary::shop::understudy:index:Site$understudy:shelf:Box::box";
const secret = (value: string) => ({
  "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
  value,
});

/** A platform of boxes in memory. */
function boxes() {
  const made = new Map<string, JsonObject>();
  const seen: JsonObject[] = [];
  const handler: ResourceHandler = {
    inputs: z.object({
      label: z.string().min(1),
      size: z.number().int().default(1),
      color: z.string().optional(),
      password: z.string().optional(),
    }),
    replaceOn: ["color"],
    deleteBeforeReplace: true,
    secrets: ["password"],
    stableOutputs: ["shelf"],
    async create({ connection }, inputs) {
      seen.push({ connection, inputs });
      const outputs = { shelf: "A", token: `token of ${inputs.label}` };
      if (inputs.label === "broken") {
        throw new PartialCreateError(new Error("The box has no lid."), { id: "box-2", outputs });
      }
      made.set("box-1", inputs);
      return { id: "box-1", outputs };
    },
    async read(_context, id) {
      const inputs = made.get(id);
      return inputs === undefined ? undefined : { id, inputs, outputs: { shelf: "A" } };
    },
    async update(_context, current, inputs) {
      seen.push({ outputs: current.outputs, inputs });
      made.set(current.id, inputs);
      return { shelf: "A" };
    },
    async delete(_context, { id }) {
      made.delete(id);
    },
  };
  return { made, seen, handler };
}

/** Tags that are named by what the program calls them, and that stick where they say so. */
function tags() {
  const seen: { readonly ignored: unknown; readonly urn: string | undefined; readonly timeout: unknown }[] =
    [];
  const handler: ResourceHandler = {
    inputs: z.looseObject({ metadata: z.looseObject({ name: z.string() }) }),
    replaceOn: ["metadata.name"],
    replacement: (connection, olds) => ({
      replaceOn: olds.glued === true ? ["text"] : ["metadata.name"],
      deleteBeforeReplace: connection !== undefined,
    }),
    complete(inputs, { name, olds, seed }) {
      if (inputs.metadata !== undefined) return inputs;
      return { ...inputs, metadata: olds.metadata ?? { name: `${name}-${seed.length}` } };
    },
    async create() {
      return { id: "tag-1", outputs: {} };
    },
    async read() {
      return undefined;
    },
    async update({ ignored, urn: of, timeoutSeconds }) {
      seen.push({ ignored, urn: of, timeout: timeoutSeconds });
      return {};
    },
    async delete() {},
  };
  return { seen, handler };
}

let server: grpc.Server;
let tag: ReturnType<typeof tags>;
let client: InstanceType<typeof providerGrpc.ResourceProviderClient>;
let shelf: ReturnType<typeof boxes>;

beforeEach(async () => {
  shelf = boxes();
  tag = tags();
  const handlers: Readonly<Record<string, ResourceHandler>> = {
    "understudy:shelf:Box": shelf.handler,
    "understudy:shelf:Tag": tag.handler,
  };
  server = new grpc.Server();
  server.addService(
    resourceProviderService,
    pluginService({
      name: "understudy",
      version: "0.1.0",
      config: providerConfig({ shelf: z.strictObject({ url: z.url(), token: z.string() }) }),
      handler: (token) => handlers[token],
      unknownType: "Known types: understudy:shelf:Box.",
      log: () => silentLog,
    }),
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  client = new providerGrpc.ResourceProviderClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
});
afterEach(() => {
  client.close();
  server.forceShutdown();
});

interface Calls {
  readonly check: [pb.CheckRequest, pb.CheckResponse];
  readonly checkConfig: [pb.CheckRequest, pb.CheckResponse];
  readonly configure: [pb.ConfigureRequest, pb.ConfigureResponse];
  readonly diff: [pb.DiffRequest, pb.DiffResponse];
  readonly create: [pb.CreateRequest, pb.CreateResponse];
  readonly invoke: [pb.InvokeRequest, pb.InvokeResponse];
  readonly read: [pb.ReadRequest, pb.ReadResponse];
  readonly update: [pb.UpdateRequest, pb.UpdateResponse];
  readonly delete: [pb.DeleteRequest, empty.Empty];
}

type Unary<Name extends keyof Calls> = (
  request: Calls[Name][0],
  done: (error: grpc.ServiceError | null, response: Calls[Name][1]) => void,
) => unknown;

/** Calls one method of the plugin over the wire. */
function call<Name extends keyof Calls>(name: Name, request: Calls[Name][0]): Promise<Calls[Name][1]> {
  return new Promise((resolve, reject) => {
    (client[name] as unknown as Unary<Name>).call(client, request, (error, response) =>
      error === null ? resolve(response) : reject(error),
    );
  });
}

async function configure(
  connection: unknown = { url: "https://shelf.test", token: "t" },
): Promise<pb.ConfigureResponse> {
  const args = toStruct({ platform: "shelf", connection: secret(JSON.stringify(connection)) });
  return await call("configure", new pb.ConfigureRequest().setArgs(args));
}

describe("the plugin over gRPC", () => {
  it("checks its configuration and names what is wrong with it, not what it is", async () => {
    const request = (news: JsonObject) => new pb.CheckRequest().setUrn(urn).setNews(toStruct(news));
    const wrong = await call(
      "checkConfig",
      request({ platform: "shelf", connection: JSON.stringify({ url: "here", token: 5, extra: "hunter2" }) }),
    );
    const failures = wrong.getFailuresList().map((failure) => failure.toObject());
    expect(failures.map((failure) => failure.property).sort()).toEqual([
      "connection.",
      "connection.token",
      "connection.url",
    ]);
    expect(JSON.stringify(failures)).not.toContain("hunter2");
    expect(failures.find(({ property }) => property === "connection.token")?.reason).toContain(
      "understudy config set STACK --secret --path understudy:connection.token",
    );
    const unknown = await call("checkConfig", request({ platform: "attic" }));
    expect(unknown.getFailuresList()[0]?.getReason()).toContain("there are: shelf");
  });

  it("refuses to work without a connection, and says how to give it one", async () => {
    const create = call("create", new pb.CreateRequest().setUrn(urn).setProperties(toStruct({ label: "a" })));
    await expect(create).rejects.toMatchObject({ details: expect.stringContaining("new Understudy") });
  });

  it("completes inputs, keeps secrets secret, and lets what is unknown through", async () => {
    const check = async (news: JsonObject) => {
      const response = await call("check", new pb.CheckRequest().setUrn(urn).setNews(toStruct(news)));
      const failures = response.getFailuresList().map((failure) => failure.getProperty());
      return { inputs: fromStruct(response.getInputs()), failures };
    };
    expect(await check({ label: "a", password: "hunter2" })).toEqual({
      inputs: { label: "a", size: 1, password: secret("hunter2") },
      failures: [],
    });
    expect((await check({ label: unknownValue, size: unknownValue })).failures).toEqual([]);
    expect((await check({ size: 1.5 })).failures).toEqual(["label", "size"]);
  });

  it("tells what changed, and what only a new resource can change", async () => {
    const diff = async (news: JsonObject, ignored: string[] = []) => {
      const request = new pb.DiffRequest()
        .setUrn(urn)
        .setOldInputs(toStruct({ label: "a", size: 1, color: "red" }))
        .setOlds(toStruct({ label: "a", size: 1, color: "red", shelf: "A" }))
        .setNews(toStruct(news))
        .setIgnorechangesList(ignored);
      return await call("diff", request);
    };
    const none = await diff({ label: "a", size: 1, color: "red" });
    expect(none.getChanges()).toBe(pb.DiffResponse.DiffChanges.DIFF_NONE);
    const some = await diff({ label: "b", size: 1, color: "red" });
    expect([some.getDiffsList(), some.getReplacesList(), some.getStablesList()]).toEqual([
      ["label"],
      [],
      ["shelf"],
    ]);
    const replaces = await diff({ label: "a", size: 1, color: "blue" });
    expect([replaces.getReplacesList(), replaces.getDeletebeforereplace()]).toEqual([["color"], true]);
    expect(replaces.getDetaileddiffMap().get("color")?.getKind()).toBe(pb.PropertyDiff.Kind.UPDATE_REPLACE);
    const ignored = await diff({ label: "b", size: 1, color: "red" }, ["label"]);
    expect(ignored.getChanges()).toBe(pb.DiffResponse.DiffChanges.DIFF_NONE);
  });

  it("creates, reads, updates and deletes, with secrets in clear only for the handler", async () => {
    const configured = await configure();
    expect(configured.getSupportspreview()).toBe(true);
    const inputs = { label: "a", size: 1, password: secret("hunter2") };
    const created = await call("create", new pb.CreateRequest().setUrn(urn).setProperties(toStruct(inputs)));
    expect(created.getId()).toBe("box-1");
    expect(fromStruct(created.getProperties())).toEqual({ ...inputs, shelf: "A", token: "token of a" });
    expect(shelf.seen[0]).toEqual({
      connection: { url: "https://shelf.test", token: "t" },
      inputs: { label: "a", size: 1, password: "hunter2" },
    });

    const imported = await call("read", new pb.ReadRequest().setUrn(urn).setId("box-1"));
    expect(fromStruct(imported.getInputs())).toEqual(inputs);

    const request = new pb.UpdateRequest()
      .setUrn(urn)
      .setId("box-1")
      .setOlds(created.getProperties())
      .setOldInputs(toStruct(inputs))
      .setNews(toStruct({ label: "b", size: 2 }));
    const updated = await call("update", request);
    expect(fromStruct(updated.getProperties())).toEqual({ label: "b", size: 2, shelf: "A" });

    const remove = new pb.DeleteRequest().setUrn(urn).setId("box-1").setProperties(updated.getProperties());
    expect(await call("delete", remove)).toBeInstanceOf(empty.Empty);
    const gone = await call("read", new pb.ReadRequest().setUrn(urn).setId("box-1"));
    expect(gone.getId()).toBe("");
  });

  it("touches nothing in a preview, and knows there only the outputs that can't change", async () => {
    await configure();
    const news = toStruct({ label: "b", size: 1 });
    const create = new pb.CreateRequest().setUrn(urn).setProperties(news).setPreview(true);
    expect(fromStruct((await call("create", create)).getProperties())).toEqual({ label: "b", size: 1 });
    const update = new pb.UpdateRequest()
      .setUrn(urn)
      .setId("box-1")
      .setOlds(toStruct({ label: "a", size: 1, shelf: "A", token: "t" }))
      .setNews(news)
      .setPreview(true);
    expect(fromStruct((await call("update", update)).getProperties())).toEqual({
      label: "b",
      size: 1,
      shelf: "A",
    });
    expect(shelf.seen).toEqual([]);
  });

  it("keeps the id of what was made but didn't come up", async () => {
    await configure();
    const request = new pb.CreateRequest().setUrn(urn).setProperties(toStruct({ label: "broken", size: 1 }));
    const error = await call("create", request).then(
      () => undefined,
      (caught: grpc.ServiceError) => caught,
    );
    const [packed] = error?.metadata.get("grpc-status-details-bin") ?? [];
    const detail = status.Status.deserializeBinary(packed as Uint8Array).getDetailsList()[0];
    const failed = detail?.unpack(
      pb.ErrorResourceInitFailed.deserializeBinary,
      "pulumirpc.ErrorResourceInitFailed",
    );
    expect(failed?.getId()).toBe("box-2");
    expect(failed?.getReasonsList()).toEqual(["The box has no lid."]);
    expect(fromStruct(failed?.getProperties())).toMatchObject({ label: "broken", shelf: "A" });
  });

  it("names the types that there are when it is asked for another", async () => {
    const other = new pb.CheckRequest()
      .setUrn("urn:pulumi:s::p::understudy:shelf:Bag::bag")
      .setNews(toStruct({}));
    await expect(call("check", other)).rejects.toMatchObject({
      details: expect.stringContaining("understudy:shelf:Box"),
    });
  });

  it("lets a handler complete inputs by the resource's name, what it was, and chance", async () => {
    const of = "urn:pulumi:primary::shop::understudy:shelf:Tag::label";
    const check = async (news: JsonObject, olds: JsonObject = {}) => {
      const request = new pb.CheckRequest().setUrn(of).setNews(toStruct(news)).setOlds(toStruct(olds));
      return fromStruct((await call("check", request.setRandomseed(new Uint8Array(4)))).getInputs());
    };
    expect(await check({ text: "x" })).toEqual({ text: "x", metadata: { name: "label-4" } });
    expect(await check({}, { metadata: { name: "old" } })).toEqual({ metadata: { name: "old" } });
  });

  it("lets a handler say by the inputs what only a new resource can change", async () => {
    const of = "urn:pulumi:primary::shop::understudy:shelf:Tag::label";
    const diff = async (olds: JsonObject, news: JsonObject) => {
      const request = new pb.DiffRequest().setUrn(of).setOldInputs(toStruct(olds)).setNews(toStruct(news));
      const answer = await call("diff", request);
      return [answer.getReplacesList(), answer.getDeletebeforereplace()];
    };
    expect(await diff({ text: "a" }, { text: "b" })).toEqual([[], false]);
    await configure();
    expect(await diff({ text: "a", glued: true }, { text: "b", glued: true })).toEqual([["text"], true]);
    const [before, after] = [{ metadata: { name: "a", x: 1 } }, { metadata: { name: "a", x: 2 } }];
    expect(await diff(before, after)).toEqual([[], true]);
  });

  it("tells a handler of the resource, its time, and what is left alone", async () => {
    await configure();
    const of = "urn:pulumi:primary::shop::understudy:shelf:Tag::label";
    const request = new pb.UpdateRequest()
      .setUrn(of)
      .setId("tag-1")
      .setOlds(toStruct({}))
      .setNews(toStruct({}))
      .setTimeout(30)
      .setIgnorechangesList(["spec.replicas", 'metadata.annotations["a.b/c"]']);
    await call("update", request);
    const ignored = [
      ["spec", "replicas"],
      ["metadata", "annotations", "a.b/c"],
    ];
    expect(tag.seen).toEqual([{ ignored, urn: of, timeout: 30 }]);
  });

  it("says that it has no functions", async () => {
    const invoke = call("invoke", new pb.InvokeRequest().setTok("understudy:shelf:find"));
    await expect(invoke).rejects.toMatchObject({
      details: expect.stringContaining("no function 'understudy:shelf:find'"),
    });
  });
});
