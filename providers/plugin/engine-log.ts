import grpc from "@grpc/grpc-js";
import engineGrpc from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import enginePb from "@pulumi/pulumi/proto/engine_pb.js";
import type { Log } from "../../src/base/log.ts";

/** Shows a handler's progress beside its resource in the engine's output. Without an engine it says nothing. */
export function engineLog(address: string | undefined): (urn: string) => Log {
  if (address === undefined) return () => ({ info: () => {}, warn: () => {} });
  const client = new engineGrpc.EngineClient(address, grpc.credentials.createInsecure());
  const send = (urn: string, severity: enginePb.LogSeverity, message: string, ephemeral: boolean) => {
    const request = new enginePb.LogRequest();
    request.setUrn(urn);
    request.setSeverity(severity);
    request.setMessage(message);
    request.setEphemeral(ephemeral);
    // A log line that can't be delivered must not fail the resource.
    client.log(request, () => {});
  };
  return (urn) => ({
    info: (message) => send(urn, enginePb.LogSeverity.INFO, message, true),
    warn: (message) => send(urn, enginePb.LogSeverity.WARNING, message, false),
  });
}
