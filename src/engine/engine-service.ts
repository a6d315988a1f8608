import grpc from "@grpc/grpc-js";
import engineGrpc from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import engineProto from "@pulumi/pulumi/proto/engine_pb.js";
import emptyProto from "google-protobuf/google/protobuf/empty_pb.js";
import type { LogSeverity } from "./events.ts";
import { handler, RpcError } from "./grpc.ts";
import type { Reporter } from "./reporter.ts";

const severities: readonly LogSeverity[] = ["debug", "info", "warning", "error"];

/** The side of the engine that programs and plugins log to (Pulumi's Engine service). */
export class EngineService {
  readonly #reporter: Reporter;
  /** Whether an error of a program only repeats what was told already. */
  readonly #isEcho: (message: string) => boolean;
  #root = "";

  constructor(reporter: Reporter, isEcho: (message: string) => boolean) {
    this.#reporter = reporter;
    this.#isEcho = isEcho;
  }

  addTo(server: grpc.Server): void {
    server.addService(engineGrpc.EngineService, {
      log: handler((request: engineProto.LogRequest) => {
        this.#log(request);
        return new emptyProto.Empty();
      }),
      getRootResource: handler(() => new engineProto.GetRootResourceResponse().setUrn(this.#root)),
      setRootResource: handler((request: engineProto.SetRootResourceRequest) => {
        this.#root = request.getUrn();
        return new engineProto.SetRootResourceResponse();
      }),
      startDebugging: handler(() => {
        throw new RpcError(grpc.status.UNIMPLEMENTED, "The offline engine attaches no debugger.");
      }),
      requirePulumiVersion: handler(() => {
        throw new RpcError(grpc.status.UNIMPLEMENTED, "The offline engine is no version of the Pulumi CLI.");
      }),
    });
  }

  #log(request: engineProto.LogRequest): void {
    const severity = severities[request.getSeverity()] ?? "info";
    // The SDK sends several for each resource, one after the other: the sooner each is answered, the sooner it goes on.
    if (severity === "debug") return;
    const message = request.getMessage().trimEnd();
    const urn = request.getUrn();
    if (severity === "error" && !this.#isEcho(message)) {
      this.#reporter.fail(message, urn === "" ? undefined : urn);
      return;
    }
    const shown = severity === "error" ? "debug" : severity;
    this.#reporter.log(shown, message, { ...(urn === "" ? {} : { urn }), ephemeral: request.getEphemeral() });
  }
}
