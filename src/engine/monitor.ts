import grpc from "@grpc/grpc-js";
import providerProto from "@pulumi/pulumi/proto/provider_pb.js";
import resourceGrpc from "@pulumi/pulumi/proto/resource_grpc_pb.js";
import resourceProto from "@pulumi/pulumi/proto/resource_pb.js";
import emptyProto from "google-protobuf/google/protobuf/empty_pb.js";
import type { Deployment } from "./deployment.ts";
import { faultText } from "./fault.ts";
import { goalOf } from "./goal-request.ts";
import { fromStruct, handler, RpcError, toStruct } from "./grpc.ts";
import { Reads } from "./reads.ts";
import type { Registrar } from "./registrar.ts";
import { CancelledError } from "./run-context.ts";
import { providerPackage } from "./urn.ts";
import { type Properties, plainProperties, unknownValue, withoutReferences } from "./values.ts";

const feature = resourceProto.ResourceMonitorFeature;

/** What the engine can do, by the names of SupportsFeature; the SDK refuses options that need another. */
const features: Readonly<Record<string, resourceProto.ResourceMonitorFeature>> = {
  secrets: feature.RESOURCE_MONITOR_FEATURE_SECRETS,
  resourceReferences: feature.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
  deletedWith: feature.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
  aliasSpecs: feature.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
};

/** Protobuf has no absent strings. */
function given(text: string): string | undefined {
  return text === "" ? undefined : text;
}

/** What the SDK takes as the end of its engine: it then stops quietly. */
function stopped(error: unknown): unknown {
  return error instanceof CancelledError ? new RpcError(grpc.status.UNAVAILABLE, error.message) : error;
}

function forProgram(
  properties: Properties,
  accepts: { readonly secrets: boolean; readonly references: boolean },
): ReturnType<typeof toStruct> {
  const kept = accepts.secrets ? properties : plainProperties(properties);
  return toStruct(accepts.references ? kept : withoutReferences(kept));
}

/** The side of the engine that programs register resources with (Pulumi's ResourceMonitor service). */
export class Monitor {
  readonly #deployment: Deployment;
  readonly #registrar: Registrar;
  readonly #reads: Reads;
  readonly #parallel: number;

  constructor(deployment: Deployment, registrar: Registrar, parallel: number) {
    this.#deployment = deployment;
    this.#registrar = registrar;
    this.#reads = new Reads(deployment, registrar.defaults);
    this.#parallel = parallel;
  }

  addTo(server: grpc.Server): void {
    server.addService(resourceGrpc.ResourceMonitorService, {
      getDeploymentInfo: handler(() => this.#info()),
      supportsFeature: handler((request: resourceProto.SupportsFeatureRequest) =>
        new resourceProto.SupportsFeatureResponse().setHassupport(Object.hasOwn(features, request.getId())),
      ),
      registerResource: handler((request: resourceProto.RegisterResourceRequest) => this.#register(request)),
      registerResourceOutputs: handler((request: resourceProto.RegisterResourceOutputsRequest) =>
        this.#registerOutputs(request),
      ),
      readResource: handler((request: resourceProto.ReadResourceRequest) => this.#read(request)),
      invoke: handler((request: resourceProto.ResourceInvokeRequest) => this.#invoke(request)),
      // Deletes wait for the program's exit code instead, which alone tells that it ended well.
      signalAndWaitForShutdown: handler(() => new emptyProto.Empty()),
      ...Object.fromEntries(
        [
          ["call", "methods of remote components"],
          ["existsResource", "checking whether a resource exists"],
          ["registerPackage", "parameterized packages"],
          ["registerStackTransform", "stack transforms"],
          ["registerStackInvokeTransform", "invoke transforms"],
          ["registerResourceHook", "resource hooks"],
          ["registerErrorHook", "error hooks"],
        ].map(([method = "", what]) => [
          method,
          handler(() => {
            const message = `The offline engine does not support ${what}. Use --engine pulumi.`;
            this.#deployment.context.reporter.fail(message);
            throw new RpcError(grpc.status.UNIMPLEMENTED, message);
          }),
        ]),
      ),
    });
  }

  #info(): resourceProto.DeploymentInfo {
    const { project, stack, config, preview } = this.#deployment.context;
    const info = new resourceProto.DeploymentInfo();
    info.setProject(project.name).setStack(stack).setOrganization("organization");
    info.setDryrun(preview).setParallel(this.#parallel);
    info.setSupportedfeaturesList(Object.values(features));
    for (const [key, { text, secret }] of config) {
      info.getConfigMap().set(key, text);
      if (secret) info.addConfigsecretkeys(key);
    }
    return info;
  }

  async #register(
    request: resourceProto.RegisterResourceRequest,
  ): Promise<resourceProto.RegisterResourceResponse> {
    const response = new resourceProto.RegisterResourceResponse();
    try {
      const { urn, state } = await this.#registrar.register(goalOf(request));
      response.setUrn(urn);
      if (state === undefined) return this.#failed(request, response);
      // A component's outputs come from its own code.
      const outputs = request.getCustom() ? state.outputs : {};
      response.setId(state.id === undefined || state.id === unknownValue ? "" : state.id);
      response.setObject(
        forProgram(outputs, {
          secrets: request.getAcceptsecrets(),
          references: request.getAcceptresources(),
        }),
      );
      return response;
    } catch (error) {
      if (error instanceof CancelledError) throw stopped(error);
      // The request itself could not be taken.
      const urn = this.#deployment.urnOf({
        type: request.getType(),
        name: request.getName(),
        parent: given(request.getParent()),
      });
      this.#deployment.fail(urn);
      this.#deployment.context.reporter.fail(faultText(error), urn);
      return this.#failed(request, response.setUrn(urn));
    }
  }

  /** The SDK rejects what depends on it and lets the rest go on. */
  #failed(
    request: resourceProto.RegisterResourceRequest,
    response: resourceProto.RegisterResourceResponse,
  ): resourceProto.RegisterResourceResponse {
    if (!request.getSupportsresultreporting()) {
      throw new RpcError(grpc.status.INTERNAL, "The resource's registration failed.");
    }
    response.setObject(toStruct({}));
    return response.setResult(resourceProto.Result.FAIL);
  }

  async #registerOutputs(request: resourceProto.RegisterResourceOutputsRequest): Promise<emptyProto.Empty> {
    const urn = request.getUrn();
    const registered = this.#deployment.registered(urn);
    if (registered?.key === undefined || registered.state === undefined) {
      throw new RpcError(grpc.status.NOT_FOUND, `'${urn}' was not registered.`);
    }
    const outputs = fromStruct(request.getOutputs());
    this.#deployment.context.reporter.learn(outputs);
    const state = { ...registered.state, outputs };
    this.#deployment.done(urn, registered.key, state);
    await this.#deployment.context.state.commit({ set: [[registered.key, state]] });
    return new emptyProto.Empty();
  }

  async #read(request: resourceProto.ReadResourceRequest): Promise<resourceProto.ReadResourceResponse> {
    const { urn, outputs } = await this.#reads
      .read({
        type: request.getType(),
        name: request.getName(),
        id: request.getId(),
        parent: given(request.getParent()),
        inputs: fromStruct(request.getProperties()),
        dependencies: request.getDependenciesList(),
        provider: given(request.getProvider()),
        version: given(request.getVersion()),
        additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
      })
      .catch((error: unknown) => {
        throw stopped(error);
      });
    const accepts = { secrets: request.getAcceptsecrets(), references: request.getAcceptresources() };
    return new resourceProto.ReadResourceResponse().setUrn(urn).setProperties(forProgram(outputs, accepts));
  }

  async #invoke(request: resourceProto.ResourceInvokeRequest): Promise<resourceProto.ResourceInvokeResponse> {
    const { result, failures } = await this.#reads.invoke({
      token: request.getTok(),
      args: fromStruct(request.getArgs()),
      provider: given(request.getProvider()),
      version: given(request.getVersion()),
    });
    const references = request.getAcceptresources() || providerPackage(request.getTok()) !== undefined;
    const response = new resourceProto.ResourceInvokeResponse();
    response.setReturn(forProgram(result, { secrets: true, references }));
    response.setFailuresList(
      failures.map(({ property, reason }) =>
        new providerProto.CheckFailure().setProperty(property).setReason(reason),
      ),
    );
    return response;
  }
}
