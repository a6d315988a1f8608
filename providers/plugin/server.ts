import type grpc from "@grpc/grpc-js";
import pluginPb from "@pulumi/pulumi/proto/plugin_pb.js";
import providerGrpc from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import pb from "@pulumi/pulumi/proto/provider_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import { UnderstudyError } from "../../src/base/errors.ts";
import type { JsonObject } from "../../src/base/json.ts";
import type { Log } from "../../src/base/log.ts";
import { covers, parsePath } from "../../src/base/property-path.ts";
import type { ResourceHandler } from "../../src/platform/handler.ts";
import { operationLimit } from "../../src/platform/operation-limit.ts";
import { PartialCreateError } from "../../src/platform/partial.ts";
import { type CheckFailure, checkInputs } from "./check.ts";
import type { PluginConfig } from "./config.ts";
import { changesBetween } from "./diff.ts";
import { diffResponse } from "./diff-response.ts";
import { failure, initFailure } from "./failure.ts";
import { foresee } from "./foresee.ts";
import { fromStruct, hasUnknown, type Path, toStruct, unwrap, wrap } from "./wire.ts";

/** What a plugin serves. */
export interface PluginOptions {
  /** Of the package. */
  readonly name: string;
  readonly version: string;
  readonly config: PluginConfig;
  /** The handler of a type token. */
  readonly handler: (token: string) => ResourceHandler | undefined;
  /** What to say of a type that has none, as a sentence. */
  readonly unknownType: string;
  /** Where a resource's progress goes, by its URN. */
  readonly log: (urn: string) => Log;
}

/** Pulumi's provider protocol (proto/pulumi/provider.proto, SDK 3.270) over a table of resource handlers. */
export function pluginService(options: PluginOptions): grpc.UntypedServiceImplementation {
  let connection: JsonObject | undefined;
  const cancelled = new AbortController();

  const handlerOf = (urn: string): ResourceHandler => {
    const type = urn.split("::")[2]?.split("$").pop() ?? "";
    const handler = options.handler(type);
    if (handler !== undefined) return handler;
    throw new UnderstudyError(`There is no resource type '${type}'.`, {
      code: "unknown-resource-type",
      path: urn,
      suggestion: options.unknownType,
    });
  };
  const contextOf = (urn: string, timeoutSeconds = 0) => {
    if (connection === undefined) {
      throw new UnderstudyError("The provider has no connection to its platform.", {
        code: "not-configured",
        path: urn,
        suggestion: options.config.howToConnect,
      });
    }
    const limits = timeoutSeconds > 0 ? [operationLimit(timeoutSeconds)] : [];
    return {
      connection,
      urn,
      log: options.log(urn),
      signal: AbortSignal.any([cancelled.signal, ...limits]),
      ...(timeoutSeconds > 0 ? { timeoutSeconds } : {}),
    };
  };

  const service = {
    async getPluginInfo() {
      return new pluginPb.PluginInfo().setVersion(options.version);
    },

    async getSchema() {
      return new pb.GetSchemaResponse().setSchema(
        JSON.stringify({ name: options.name, version: options.version }),
      );
    },

    async checkConfig(request: pb.CheckRequest) {
      const { value, secrets } = unwrap(fromStruct(request.getNews()));
      return checkResponse(value, secrets, options.config.check(value));
    },

    async diffConfig(request: pb.DiffRequest) {
      const olds = request.getOldInputs() ?? request.getOlds();
      const [before, after] = [unwrap(fromStruct(olds)).value, unwrap(fromStruct(request.getNews())).value];
      return diffResponse({
        olds: before,
        news: after,
        changes: changesBetween(before, after),
        // What stands at another place has to be made anew there. New credentials are no other place.
        replaceOn: options.config.placeKeys,
        deleteBeforeReplace: false,
      });
    },

    async configure(request: pb.ConfigureRequest) {
      const { value } = unwrap(fromStruct(request.getArgs()));
      connection = hasUnknown(value) ? undefined : options.config.connection(value);
      return new pb.ConfigureResponse()
        .setAcceptsecrets(true)
        .setAcceptresources(true)
        .setAcceptoutputs(false)
        .setSupportspreview(true);
    },

    async check(request: pb.CheckRequest) {
      const handler = handlerOf(request.getUrn());
      const { value: given, secrets } = unwrap(fromStruct(request.getNews()));
      const value =
        handler.complete?.(given, {
          name: request.getUrn().split("::")[3] ?? "",
          olds: unwrap(fromStruct(request.getOlds())).value,
          seed: request.getRandomseed_asU8(),
        }) ?? given;
      const checked = checkInputs(handler.inputs, value);
      return checkResponse(
        checked.ok ? checked.value : value,
        [...secrets, ...secretsOf(handler)],
        checked.ok ? [] : checked.failures,
      );
    },

    async diff(request: pb.DiffRequest) {
      const handler = handlerOf(request.getUrn());
      const olds = unwrap(fromStruct(request.getOldInputs() ?? request.getOlds())).value;
      const news = unwrap(fromStruct(request.getNews())).value;
      const ignored = request.getIgnorechangesList().map(parsePath);
      const found = changesBetween(olds, news).filter(
        ({ path }) => !ignored.some((pattern) => covers(pattern, path)),
      );
      // What matters only beside other changes is none by itself.
      const matters = found.some(({ path }) => handler.unimportant?.includes(String(path[0])) !== true);
      const changes = matters ? found : [];
      const replacement = handler.replacement?.(connection, olds, news) ?? {
        replaceOn: handler.replaceOn,
        deleteBeforeReplace: handler.deleteBeforeReplace ?? false,
      };
      const replaceOn = handler.update === undefined ? ["*"] : replacement.replaceOn;
      return diffResponse({ olds, news, changes, ...replacement, replaceOn }).setStablesList([
        ...(handler.stableOutputs ?? []),
      ]);
    },

    async create(request: pb.CreateRequest) {
      const handler = handlerOf(request.getUrn());
      const { value: inputs, secrets } = unwrap(fromStruct(request.getProperties()));
      const places = [...secrets, ...secretsOf(handler)];
      if (request.getPreview()) {
        return new pb.CreateResponse().setProperties(toStruct(wrap(inputs, places)));
      }
      try {
        const made = await handler.create(contextOf(request.getUrn(), request.getTimeout()), inputs);
        const state = wrap({ ...inputs, ...made.outputs }, places);
        return new pb.CreateResponse().setId(made.id).setProperties(toStruct(state));
      } catch (error) {
        if (!(error instanceof PartialCreateError)) throw error;
        throw initFailure(error, error.id, wrap({ ...inputs, ...error.outputs }, places));
      }
    },

    async read(request: pb.ReadRequest) {
      const handler = handlerOf(request.getUrn());
      const known = unwrap(fromStruct(request.getInputs()));
      const state = unwrap(fromStruct(request.getProperties()));
      const found = await handler.read(
        contextOf(request.getUrn(), request.getTimeout()),
        request.getId(),
        request.hasProperties() && Object.keys(state.value).length > 0
          ? { inputs: known.value, outputs: state.value }
          : undefined,
      );
      if (found === undefined) return new pb.ReadResponse();
      const places = [...known.secrets, ...state.secrets, ...secretsOf(handler)];
      return new pb.ReadResponse()
        .setId(found.id)
        .setInputs(toStruct(wrap(found.inputs, places)))
        .setProperties(toStruct(wrap({ ...found.inputs, ...found.outputs }, places)));
    },

    async update(request: pb.UpdateRequest) {
      const handler = handlerOf(request.getUrn());
      const olds = unwrap(fromStruct(request.getOlds())).value;
      const oldInputs = unwrap(fromStruct(request.getOldInputs() ?? request.getOlds())).value;
      const { value: inputs, secrets } = unwrap(fromStruct(request.getNews()));
      const places = [...secrets, ...secretsOf(handler)];
      if (request.getPreview()) {
        const { stableOutputs = [] } = handler;
        const foreseen = foresee({ olds, oldInputs, inputs, stableOutputs });
        return new pb.UpdateResponse().setProperties(toStruct(wrap(foreseen, places)));
      }
      const current = { id: request.getId(), outputs: olds, inputs: oldInputs };
      const context = {
        ...contextOf(request.getUrn(), request.getTimeout()),
        ignored: request.getIgnorechangesList().map(parsePath),
      };
      try {
        const outputs = (await handler.update?.(context, current, inputs)) ?? {};
        return new pb.UpdateResponse().setProperties(toStruct(wrap({ ...inputs, ...outputs }, places)));
      } catch (error) {
        if (!(error instanceof PartialCreateError)) throw error;
        throw initFailure(error, error.id, wrap({ ...inputs, ...error.outputs }, places));
      }
    },

    async delete(request: pb.DeleteRequest) {
      const handler = handlerOf(request.getUrn());
      const outputs = unwrap(fromStruct(request.getProperties())).value;
      const inputs = unwrap(fromStruct(request.getOldInputs() ?? request.getProperties())).value;
      const context = contextOf(request.getUrn(), request.getTimeout());
      await handler.delete(context, { id: request.getId(), outputs, inputs });
      return new empty.Empty();
    },

    async invoke(request: pb.InvokeRequest) {
      throw new UnderstudyError(`There is no function '${request.getTok()}'.`, {
        code: "unknown-function",
        suggestion: options.unknownType,
      });
    },

    async cancel() {
      cancelled.abort(new UnderstudyError("The run was cancelled.", { code: "cancelled" }));
      return new empty.Empty();
    },
  };
  return Object.fromEntries(
    Object.entries(service).map(([name, handle]) => [name, unary(handle as UnaryHandler)]),
  );
}

type UnaryHandler = (request: unknown) => Promise<unknown>;

/** An exception in a handler of grpc-js would reach the engine without its text. */
function unary(handle: UnaryHandler): grpc.handleUnaryCall<unknown, unknown> {
  return (call, callback) => {
    handle(call.request).then(
      (response) => callback(null, response),
      (error: unknown) => callback(isFailure(error) ? error : failure(error)),
    );
  };
}

function isFailure(error: unknown): error is ReturnType<typeof failure> {
  return typeof error === "object" && error !== null && !(error instanceof Error) && "details" in error;
}

function secretsOf(handler: ResourceHandler): readonly Path[] {
  return (handler.secrets ?? []).map((key) => [key]);
}

function checkResponse(
  inputs: JsonObject,
  secrets: readonly Path[],
  failures: readonly CheckFailure[],
): pb.CheckResponse {
  return new pb.CheckResponse()
    .setInputs(toStruct(wrap(inputs, secrets)))
    .setFailuresList(
      failures.map(({ property, reason }) => new pb.CheckFailure().setProperty(property).setReason(reason)),
    );
}

export const resourceProviderService = providerGrpc.ResourceProviderService;
