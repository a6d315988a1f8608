import type grpc from "@grpc/grpc-js";
import providerProto from "@pulumi/pulumi/proto/provider_pb.js";
import statusProto from "@pulumi/pulumi/proto/status_pb.js";
import { UnderstudyError } from "../base/errors.ts";
import { fromStruct, isServiceError } from "./grpc.ts";
import type { Properties } from "./values.ts";

/** A call of a plugin that failed. */
export class ProviderError extends UnderstudyError {
  /** Whether the connection broke, so that nobody knows whether the call had its effect. */
  readonly isConnectionLost: boolean;

  constructor(message: string, options: { readonly cause: unknown; readonly isConnectionLost?: boolean }) {
    super(message, { code: "plugin-error", cause: options.cause });
    this.isConnectionLost = options.isConnectionLost ?? false;
  }
}

/** The resource was made or changed, but did not come up: it is kept, and goes on at the next update. */
export class InitFailedError extends ProviderError {
  readonly id: string;
  readonly outputs: Properties;
  readonly inputs: Properties | undefined;
  readonly reasons: readonly string[];

  constructor(detail: providerProto.ErrorResourceInitFailed, message: string, cause: unknown) {
    const reasons = detail.getReasonsList();
    super(reasons.length === 0 ? message : reasons.join("\n"), { cause });
    this.id = detail.getId();
    this.outputs = fromStruct(detail.getProperties());
    this.inputs = detail.hasInputs() ? fromStruct(detail.getInputs()) : undefined;
    // An empty list would look like a resource that came up.
    this.reasons = reasons.length === 0 ? [message] : reasons;
  }
}

function detailsOf(
  error: grpc.ServiceError,
): readonly { readonly type: string; readonly bytes: Uint8Array }[] {
  return error.metadata.get("grpc-status-details-bin").flatMap((packed) => {
    if (typeof packed === "string") return [];
    return statusProto.Status.deserializeBinary(packed)
      .getDetailsList()
      .map((any) => ({ type: any.getTypeName(), bytes: any.getValue_asU8() }));
  });
}

/** Codes under which the other side may have done its work all the same. */
const unavailable = 14;
const cancelled = 1;

/** An error of a plugin's call as the engine works with it. */
export function failureOf(error: unknown): unknown {
  if (!isServiceError(error)) return error;
  const message = error.details === "" ? error.message : error.details;
  for (const { type, bytes } of detailsOf(error)) {
    if (type === "pulumirpc.ErrorResourceInitFailed") {
      return new InitFailedError(
        providerProto.ErrorResourceInitFailed.deserializeBinary(bytes),
        message,
        error,
      );
    }
    if (type === "pulumirpc.ConfigureErrorMissingKeys") {
      const keys = providerProto.ConfigureErrorMissingKeys.deserializeBinary(bytes).getMissingkeysList();
      const text = keys.map((key) => `${key.getName()} (${key.getDescription()})`).join(", ");
      return new ProviderError(`The provider lacks configuration: ${text}`, { cause: error });
    }
  }
  const isConnectionLost = error.code === unavailable || error.code === cancelled;
  return new ProviderError(
    isConnectionLost ? `The plugin went away during the call (${message}).` : message,
    { cause: error, isConnectionLost },
  );
}
