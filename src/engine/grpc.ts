import grpc from "@grpc/grpc-js";
import structProto from "google-protobuf/google/protobuf/struct_pb.js";
import { messageOf } from "../base/errors.ts";
import type { JsonObject } from "../base/json.ts";
import { lowerOutputs, type Properties } from "./values.ts";

export const channelOptions: grpc.ChannelOptions = {
  // As the SDK and the CLI set it: the default of 4 MB is too small for some states.
  "grpc.max_receive_message_length": 400 * 1024 * 1024,
  // Book-keeping for a debugger that nobody attaches, at a cost for every call.
  "grpc.enable_channelz": 0,
  // A call is never sent twice behind the engine's back.
  "grpc.enable_retries": 0,
};

/** Every server of the engine listens on loopback only, on a port that the system gives. */
export async function listen(server: grpc.Server): Promise<string> {
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  return `127.0.0.1:${port}`;
}

/** An answer that is an error of its own kind; any other error becomes UNKNOWN with its message. */
export class RpcError extends Error {
  readonly code: grpc.status;

  constructor(code: grpc.status, message: string) {
    super(message);
    this.code = code;
  }
}

/** A unary handler of an async function. An exception inside a handler of grpc-js would lose its text. */
export function handler<Request, Response>(
  work: (request: Request) => Promise<Response> | Response,
): grpc.handleUnaryCall<Request, Response> {
  return ({ request }, callback) => {
    (async () => work(request))().then(
      (response) => callback(null, response),
      (error: unknown) => {
        const code = error instanceof RpcError ? error.code : grpc.status.UNKNOWN;
        callback({ code, details: messageOf(error) });
      },
    );
  };
}

/** Calls a unary method and waits for its answer. */
export function call<Request, Response>(
  client: grpc.Client,
  method: grpc.MethodDefinition<Request, Response>,
  request: Request,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
      (error: grpc.ServiceError | null, response?: Response) => {
        if (error === null && response !== undefined) resolve(response);
        else reject(error);
      },
    );
  });
}

export function isServiceError(error: unknown): error is grpc.ServiceError {
  return error instanceof Error && "code" in error && typeof error.code === "number";
}

export function toStruct(properties: Properties): structProto.Struct {
  return structProto.Struct.fromJavaScript(properties as JsonObject & Record<string, never>);
}

/** Properties from the wire; output values are lowered to what they hold. */
export function fromStruct(struct: structProto.Struct | undefined): Properties {
  return struct === undefined ? {} : lowerOutputs(struct.toJavaScript() as Properties);
}
