// The Pulumi plugin `pulumi-resource-understudy`: serves every resource type of every platform, and the DNS records.
import grpc from "@grpc/grpc-js";
import { packageVersion } from "../src/base/version.ts";
import { loadPlatform, platformNames } from "../src/platform/registry.ts";
import { trafficConnection, trafficResources } from "../src/traffic/resource.ts";
import { providerConfig } from "./plugin/config.ts";
import { engineLog } from "./plugin/engine-log.ts";
import { pluginService, resourceProviderService } from "./plugin/server.ts";

/** As Pulumi itself allows its messages. */
const maxMessageBytes = 400 * 1024 * 1024;

/** The engine's address is the one argument that is no option (`--logtostderr`, `-v=N`, `--tracing X`). */
function engineAddress(args: readonly string[]): string | undefined {
  return args.filter((arg, index) => !arg.startsWith("-") && args[index - 1] !== "--tracing")[0];
}

const platforms = await Promise.all(platformNames.map(loadPlatform));
const server = new grpc.Server({
  "grpc.max_receive_message_length": maxMessageBytes,
  "grpc.max_send_message_length": maxMessageBytes,
});
server.addService(
  resourceProviderService,
  pluginService({
    version: await packageVersion(),
    config: providerConfig({
      ...Object.fromEntries(platforms.map((platform) => [platform.name, platform.connection])),
      traffic: trafficConnection,
    }),
    resources: Object.assign({}, ...platforms.map((platform) => platform.resources), trafficResources),
    log: engineLog(engineAddress(process.argv.slice(2))),
  }),
);
server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  // The first line on stdout is the port: that is how the engine finds the plugin.
  process.stdout.write(`${port}\n`);
});

// An engine that was killed can't end its plugins; one whose parent is gone has nobody left to serve.
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) process.exit();
}, 1_000).unref();
