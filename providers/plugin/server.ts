import type grpc from "@grpc/grpc-js";
import pluginPb from "@pulumi/pulumi/proto/plugin_pb.js";
import providerGrpc from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import pb from "@pulumi/pulumi/proto/provider_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import { UnderstudyError } from "../../src/base/errors.ts";
import type { JsonObject } from "../../src/base/json.ts";
import type { Log } from "../../src/base/log.ts";
import type { ResourceHandler } from "../../src/platform/contract.ts";
import { PartialCreateError } from "../../src/platform/partial.ts";
import { type CheckFailure, checkInputs } from "./check.ts";
import { configuredConnection, type ProviderConfig } from "./config.ts";
import { type Change, changesBetween } from "./diff.ts";
import { failure, initFailure } from "./failure.ts";
import { fromStruct, hasUnknown, type Path, toStruct, unwrap, wrap } from "./wire.ts";

/** What a plugin serves. */
export interface PluginOptions {
  readonly version: string;
  readonly config: ProviderConfig;
  /** By type token. */
  readonly resources: Readonly<Record<string, ResourceHandler>>;
  /** Where a resource's progress goes, by its URN. */
  readonly log: (urn: string) => Log;
}

/** Pulumi's provider protocol (proto/pulumi/provider.proto, SDK 3.270) over a table of resource handlers. */
export function pluginService(options: PluginOptions): grpc.UntypedServiceImplementation {
  let connection: JsonObject | undefined;
  const cancelled = new AbortController();

  const handlerOf = (urn: string): ResourceHandler => {
    const type = urn.split("::")[2]?.split("$").pop() ?? "";
    const handler = options.resources[type];
    if (handler !== undefined) return handler;
    throw new UnderstudyError(`There is no resource type '${type}'.`, {
      code: "unknown-resource-type",
      path: urn,
      suggestion: `Known types: ${Object.keys(options.resources).sort().join(", ")}.`,
    });
  };
  const contextOf = (urn: string, timeoutSeconds = 0) => {
    if (connection === undefined) {
      throw new UnderstudyError("The provider has no connection to its platform.", {
        code: "not-configured",
        path: urn,
        suggestion: "Pass `provider: new Understudy(name, { platform, connection })` to the resource.",
      });
    }
    const limits = timeoutSeconds > 0 ? [AbortSignal.timeout(timeoutSeconds * 1000)] : [];
    return { connection, log: options.log(urn), signal: AbortSignal.any([cancelled.signal, ...limits]) };
  };

  const service = {
    async getPluginInfo() {
      return new pluginPb.PluginInfo().setVersion(options.version);
    },

    async getSchema() {
      return new pb.GetSchemaResponse().setSchema(
        JSON.stringify({ name: "understudy", version: options.version }),
      );
    },

    async checkConfig(request: pb.CheckRequest) {
      const { value, secrets } = unwrap(fromStruct(request.getNews()));
      return checkResponse(value, secrets, options.config.check(value));
    },

    async diffConfig(request: pb.DiffRequest) {
      const olds = request.getOldInputs() ?? request.getOlds();
      const changes = changesBetween(
        unwrap(fromStruct(olds)).value,
        unwrap(fromStruct(request.getNews())).value,
      );
      // Another platform is another place: what stands there has to be made anew. New credentials are not.
      return diffResponse(changes, ["platform"], false);
    },

    async configure(request: pb.ConfigureRequest) {
      const { value } = unwrap(fromStruct(request.getArgs()));
      connection = hasUnknown(value) ? undefined : configuredConnection(options.config, value);
      return new pb.ConfigureResponse()
        .setAcceptsecrets(true)
        .setAcceptresources(true)
        .setAcceptoutputs(false)
        .setSupportspreview(true);
    },

    async check(request: pb.CheckRequest) {
      const handler = handlerOf(request.getUrn());
      const { value, secrets } = unwrap(fromStruct(request.getNews()));
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
      const ignored = request.getIgnorechangesList();
      const found = changesBetween(olds, news).filter(
        (change) => !ignored.some((path) => change.path === path || change.path.startsWith(`${path}.`)),
      );
      // What matters only beside other changes is none by itself.
      const matters = found.some((change) => handler.unimportant?.includes(change.input) !== true);
      const changes = matters ? found : [];
      const replaceOn =
        handler.update === undefined ? changes.map((change) => change.input) : handler.replaceOn;
      return diffResponse(changes, replaceOn, handler.deleteBeforeReplace ?? false).setStablesList([
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
        contextOf(request.getUrn()),
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
        const stable = Object.fromEntries(
          (handler.stableOutputs ?? []).flatMap((key) => {
            const value = olds[key];
            return value === undefined ? [] : [[key, value]];
          }),
        );
        return new pb.UpdateResponse().setProperties(toStruct(wrap({ ...stable, ...inputs }, places)));
      }
      const current = { id: request.getId(), outputs: olds, inputs: oldInputs };
      const context = contextOf(request.getUrn(), request.getTimeout());
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

const kinds = {
  add: [pb.PropertyDiff.Kind.ADD, pb.PropertyDiff.Kind.ADD_REPLACE],
  delete: [pb.PropertyDiff.Kind.DELETE, pb.PropertyDiff.Kind.DELETE_REPLACE],
  update: [pb.PropertyDiff.Kind.UPDATE, pb.PropertyDiff.Kind.UPDATE_REPLACE],
} as const;

function diffResponse(
  changes: readonly Change[],
  replaceOn: readonly string[],
  deleteBeforeReplace: boolean,
): pb.DiffResponse {
  const response = new pb.DiffResponse();
  const { DIFF_NONE, DIFF_SOME } = pb.DiffResponse.DiffChanges;
  response.setChanges(changes.length === 0 ? DIFF_NONE : DIFF_SOME);
  response.setDiffsList([...new Set(changes.map((change) => change.input))]);
  response.setReplacesList([
    ...new Set(changes.map((change) => change.input).filter((key) => replaceOn.includes(key))),
  ]);
  response.setDeletebeforereplace(deleteBeforeReplace);
  response.setHasdetaileddiff(true);
  const details = response.getDetaileddiffMap();
  for (const change of changes) {
    const [plain, replaces] = kinds[change.kind];
    const detail = new pb.PropertyDiff();
    detail.setKind(replaceOn.includes(change.input) ? replaces : plain);
    detail.setInputdiff(true);
    details.set(change.path, detail);
  }
  return response;
}

export const resourceProviderService = providerGrpc.ResourceProviderService;
