import grpc from "@grpc/grpc-js";
import { engineLog } from "./engine-log.ts";
import { type PluginOptions, pluginService, resourceProviderService } from "./server.ts";

/** As Pulumi itself allows its messages. */
const maxMessageBytes = 400 * 1024 * 1024;

/** The engine's address is the one argument that is no option (`--logtostderr`, `-v=N`, `--tracing X`). */
function engineAddress(args: readonly string[]): string | undefined {
  return args.filter((arg, index) => !arg.startsWith("-") && args[index - 1] !== "--tracing")[0];
}

/** Serves a plugin as Pulumi's engines expect it, until it is ended or its parent is gone. `args` are the engine's. */
export function serve(plugin: Omit<PluginOptions, "log">, args: readonly string[]): void {
  const server = new grpc.Server({
    "grpc.max_receive_message_length": maxMessageBytes,
    "grpc.max_send_message_length": maxMessageBytes,
  });
  server.addService(
    resourceProviderService,
    pluginService({ ...plugin, log: engineLog(engineAddress(args)) }),
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
}
