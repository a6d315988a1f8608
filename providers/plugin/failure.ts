import grpc from "@grpc/grpc-js";
import provider from "@pulumi/pulumi/proto/provider_pb.js";
import status from "@pulumi/pulumi/proto/status_pb.js";
import any from "google-protobuf/google/protobuf/any_pb.js";
import { messageOf, UnderstudyError } from "../../src/base/errors.ts";
import type { JsonObject } from "../../src/base/json.ts";
import { toStruct } from "./wire.ts";

/** What a caller over gRPC can be told. */
export type Failure = Partial<grpc.StatusObject> & { readonly code: grpc.status; readonly details: string };

function textOf(error: unknown): string {
  if (!(error instanceof UnderstudyError)) return messageOf(error);
  return [error.message, error.suggestion].filter((part) => part !== undefined).join(" ");
}

export function failure(error: unknown): Failure {
  return { code: grpc.status.UNKNOWN, details: textOf(error) };
}

/**
 * The resource was made but didn't come up: the engine keeps its id and state, and goes on from there at the next update
 * (Pulumi's provider protocol, `ErrorResourceInitFailed` among the status details).
 */
export function initFailure(error: unknown, id: string, properties: JsonObject): Failure {
  const details = textOf(error);
  const detail = new provider.ErrorResourceInitFailed();
  detail.setId(id);
  detail.setProperties(toStruct(properties));
  detail.setReasonsList([details]);
  const packed = new any.Any();
  packed.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const message = new status.Status();
  message.setCode(grpc.status.UNKNOWN);
  message.setMessage(details);
  message.addDetails(packed);
  const metadata = new grpc.Metadata();
  metadata.add("grpc-status-details-bin", Buffer.from(message.serializeBinary()));
  return { code: grpc.status.UNKNOWN, details, metadata };
}
