import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import grpc from "@grpc/grpc-js";
import providerGrpc from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import pb from "@pulumi/pulumi/proto/provider_pb.js";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { stringify } from "yaml";
import { type PluginConfig, providerConfig } from "../../../providers/plugin/config.ts";
import { packageConfig } from "../../../providers/plugin/package-config.ts";
import { pluginService, resourceProviderService } from "../../../providers/plugin/server.ts";
import { toStruct } from "../../../providers/plugin/wire.ts";
import type { JsonObject } from "../../../src/base/json.ts";
import { silentLog } from "../../../src/base/log.ts";
import type { ResourceHandler } from "../../../src/platform/handler.ts";
import { loadPlatform } from "../../../src/platform/registry.ts";

interface Case {
  readonly name: string;
  readonly token: string;
  readonly inputs: JsonObject;
  readonly handler: ResourceHandler | undefined;
  readonly config: PluginConfig;
  readonly settings: (url: string) => JsonObject;
}

async function ownCase(
  name: string,
  kind: string,
  inputs: JsonObject,
  connection: JsonObject,
): Promise<Case> {
  const platform = await loadPlatform(name);
  const token = `understudy:${name}:${kind}`;
  return {
    name,
    token,
    inputs,
    handler: platform.resources[token],
    config: providerConfig({ [name]: platform.connection }),
    settings: (url) => ({ platform: name, connection: JSON.stringify({ url, ...connection }) }),
  };
}

async function packageCase(): Promise<Case> {
  const { package: pkg } = await loadPlatform("kubernetes");
  if (pkg === undefined) throw new Error("Kubernetes has a package of its own.");
  const token = "kubernetes:core/v1:ConfigMap";
  return {
    name: "Kubernetes' own package",
    token,
    inputs: { apiVersion: "v1", kind: "ConfigMap", metadata: { namespace: "shop", name: "config" } },
    handler: pkg.handler(token),
    config: packageConfig(pkg),
    settings: (server) => ({
      kubeconfig: stringify({
        clusters: [{ name: "c", cluster: { server } }],
        users: [{ name: "u", user: { token: "t0ken" } }],
        contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
        "current-context": "c",
      }),
    }),
  };
}

const place = { organization: "shop", space: "live" };
const cases = await Promise.all([
  ownCase("heroku", "App", { name: "shop" }, { token: "t0ken" }),
  ownCase("cloudfoundry", "App", { ...place, name: "shop" }, { username: "u", password: "t0ken" }),
  ownCase(
    "kubernetes",
    "ServiceSecret",
    {
      namespace: "shop",
      name: "db",
      labels: {},
      scheme: "postgres",
      host: "db",
      port: 5432,
      user: "shop",
      database: "shop",
    },
    { token: "t0ken" },
  ),
  packageCase(),
]);

describe.each(cases)("a time limit on $name", ({ token, inputs, handler, config, settings }) => {
  let api: Server;
  let plugin: grpc.Server;
  const sockets: Socket[] = [];

  beforeEach(async () => {
    api = createServer((socket) => sockets.push(socket.on("error", () => {})));
    await new Promise<void>((resolve) => api.listen(0, "127.0.0.1", resolve));
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    plugin.forceShutdown();
    for (const socket of sockets.splice(0)) socket.destroy();
    await new Promise((resolve) => api.close(resolve));
  });

  /** What the engine is told of a creation that has so much time. */
  async function refusal(url: string, seconds: number): Promise<string> {
    plugin = new grpc.Server();
    plugin.addService(
      resourceProviderService,
      pluginService({
        name: "any",
        version: "0.1.0",
        config,
        handler: () => handler,
        unknownType: "",
        log: () => silentLog,
      }),
    );
    const port = await new Promise<number>((resolve, reject) => {
      plugin.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      );
    });
    const client = new providerGrpc.ResourceProviderClient(
      `127.0.0.1:${port}`,
      grpc.credentials.createInsecure(),
    );
    try {
      await new Promise((resolve, reject) => {
        const request = new pb.ConfigureRequest().setArgs(toStruct(settings(url)));
        client.configure(request, (error, answer) => (error === null ? resolve(answer) : reject(error)));
      });
      const request = new pb.CreateRequest()
        .setUrn(`urn:pulumi:mirror::shop::${token}::it`)
        .setProperties(toStruct(inputs))
        .setTimeout(seconds);
      return await new Promise<string>((resolve, reject) => {
        client.create(request, (error) =>
          error === null ? reject(new Error("It was made.")) : resolve(error.details),
        );
      });
    } finally {
      client.close();
    }
  }

  it("says what failed last, where nobody is there", async () => {
    // A port that no program is given by chance, and that fetch does not refuse to ask.
    const nobody = "http://127.0.0.1:2";
    // Tries after 0.25, 0.75 and 1.75 s: the time is up in the midst of a wait.
    vi.spyOn(Math, "random").mockReturnValue(1);
    const text = await refusal(nobody, 1.25);
    expect(text).toContain(nobody);
    expect(text).toContain("ECONNREFUSED");
    expect(text).not.toContain("t0ken");
  });

  it("says what had no answer, how long it waited, and how to give it longer", async () => {
    const { port } = api.address() as AddressInfo;
    const text = await refusal(`http://127.0.0.1:${port}`, 0.4);
    expect(text).toMatch(new RegExp(`within 0\\.4 s: GET http://127\\.0\\.0\\.1:${port}/.* gave no answer`));
    expect(text).toContain("customTimeouts");
  });
});
