import grpc from "@grpc/grpc-js";
import pluginProto from "@pulumi/pulumi/proto/plugin_pb.js";
import providerGrpc from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import providerProto from "@pulumi/pulumi/proto/provider_pb.js";
import emptyProto from "google-protobuf/google/protobuf/empty_pb.js";
import { UnderstudyError } from "../base/errors.ts";
import { call, channelOptions, fromStruct, isServiceError, toStruct } from "./grpc.ts";
import { diffOf, failuresOf } from "./plugin-answer.ts";
import type {
  CallSettings,
  Checked,
  Invoked,
  LiveResource,
  ProviderDiff,
  ResourceProvider,
  Target,
} from "./provider.ts";
import { failureOf } from "./provider-error.ts";
import { nameOf, typeOf } from "./urn.ts";
import { hasUnknown, type Properties, plain, plainProperties, withoutReferences } from "./values.ts";

const service = providerGrpc.ResourceProviderService;

/** One plugin, spoken to over gRPC, in the manner of Pulumi's own client (sdk/go/common/resource/plugin/provider_plugin.go). */
export class PluginClient implements ResourceProvider {
  readonly #client: grpc.Client;
  readonly #close: () => Promise<void>;
  /** Whether Configure was called, and with every value known. */
  #configured: "no" | "yes" | "unknown" = "no";
  #accepts = { secrets: false, references: false, preview: false };
  #shaken = false;

  constructor(address: string, close: () => Promise<void>) {
    this.#client = new grpc.Client(address, grpc.credentials.createInsecure(), channelOptions);
    this.#close = close;
  }

  get isKnown(): boolean {
    return this.#configured !== "unknown";
  }

  get supportsPreview(): boolean {
    return this.#accepts.preview;
  }

  async attach(engineAddress: string): Promise<void> {
    const request = new pluginProto.PluginAttach();
    request.setAddress(engineAddress);
    await call(this.#client, service.attach, request);
  }

  /** Plugins without Handshake tell what they accept when they are configured. */
  async handshake(engineAddress: string, folder: string | undefined): Promise<void> {
    const request = new providerProto.ProviderHandshakeRequest();
    request.setEngineAddress(engineAddress);
    if (folder !== undefined) {
      request.setRootDirectory(folder);
      request.setProgramDirectory(folder);
    }
    request.setConfigureWithUrn(true);
    request.setInvokeWithPreview(true);
    try {
      const answer = await call(this.#client, service.handshake, request);
      this.#shaken = true;
      this.#accepts = {
        secrets: answer.getAcceptSecrets(),
        references: answer.getAcceptResources(),
        preview: true,
      };
    } catch (error) {
      if (!isServiceError(error) || error.code !== grpc.status.UNIMPLEMENTED) throw failureOf(error);
    }
  }

  #outgoing(properties: Properties): Properties {
    const kept = this.#accepts.secrets ? properties : plainProperties(properties);
    return this.#accepts.references ? kept : withoutReferences(kept);
  }

  #struct(properties: Properties): ReturnType<typeof toStruct> {
    return toStruct(this.#outgoing(properties));
  }

  async checkConfig(urn: string, olds: Properties, news: Properties): Promise<Checked> {
    const request = new providerProto.CheckRequest();
    request.setUrn(urn).setName(nameOf(urn)).setType(typeOf(urn));
    request.setOlds(toStruct(plainProperties(olds)));
    request.setNews(toStruct(plainProperties(news)));
    try {
      const answer = await call(this.#client, service.checkConfig, request);
      return { inputs: fromStruct(answer.getInputs()), failures: failuresOf(answer) };
    } catch (error) {
      if (isServiceError(error) && error.code === grpc.status.UNIMPLEMENTED)
        return { inputs: news, failures: [] };
      throw failureOf(error);
    }
  }

  async diffConfig(
    urn: string,
    old: Pick<Target, "inputs" | "outputs">,
    news: Properties,
  ): Promise<ProviderDiff> {
    const request = new providerProto.DiffRequest();
    request.setUrn(urn).setName(nameOf(urn)).setType(typeOf(urn));
    request.setOldInputs(toStruct(plainProperties(old.inputs)));
    request.setOlds(toStruct(plainProperties(old.outputs)));
    request.setNews(toStruct(plainProperties(news)));
    try {
      return diffOf(await call(this.#client, service.diffConfig, request), old.inputs, news);
    } catch (error) {
      if (isServiceError(error) && error.code === grpc.status.UNIMPLEMENTED) return "unknown";
      throw failureOf(error);
    }
  }

  async configure(urn: string, id: string, inputs: Properties): Promise<void> {
    if (hasUnknown(inputs)) {
      this.#configured = "unknown";
      return;
    }
    const type = typeOf(urn);
    const pkg = type.slice(type.lastIndexOf(":") + 1);
    const request = new providerProto.ConfigureRequest();
    request.setUrn(urn).setName(nameOf(urn)).setType(type).setId(id);
    request.setArgs(toStruct(inputs));
    request.setAcceptsecrets(true).setAcceptresources(true);
    request.setSendsOldInputs(true).setSendsOldInputsToDelete(true);
    for (const [key, value] of Object.entries(inputs)) {
      if (key === "version") continue;
      const text = plain(value);
      request
        .getVariablesMap()
        .set(`${pkg}:config:${key}`, typeof text === "string" ? text : JSON.stringify(text));
    }
    try {
      const answer = await call(this.#client, service.configure, request);
      if (!this.#shaken) {
        this.#accepts = {
          secrets: answer.getAcceptsecrets(),
          references: answer.getAcceptresources(),
          preview: answer.getSupportspreview(),
        };
      }
      this.#configured = "yes";
    } catch (error) {
      throw failureOf(error);
    }
  }

  async check(urn: string, olds: Properties, news: Properties, seed: Uint8Array): Promise<Checked> {
    if (!this.isKnown) return { inputs: news, failures: [] };
    const request = new providerProto.CheckRequest();
    request.setUrn(urn).setName(nameOf(urn)).setType(typeOf(urn));
    request.setOlds(this.#struct(olds)).setNews(this.#struct(news)).setRandomseed(seed);
    const answer = await this.#call(service.check, request);
    return { inputs: fromStruct(answer.getInputs()), failures: failuresOf(answer) };
  }

  async diff(old: Target, news: Properties, ignoreChanges: readonly string[]): Promise<ProviderDiff> {
    const request = new providerProto.DiffRequest();
    request.setUrn(old.urn).setName(nameOf(old.urn)).setType(typeOf(old.urn)).setId(old.id);
    request.setOldInputs(this.#struct(old.inputs)).setOlds(this.#struct(old.outputs));
    request.setNews(this.#struct(news)).setIgnorechangesList([...ignoreChanges]);
    return diffOf(await this.#call(service.diff, request), old.inputs, news);
  }

  async create(urn: string, inputs: Properties, settings: CallSettings): Promise<LiveResource> {
    const request = new providerProto.CreateRequest();
    request.setUrn(urn).setName(nameOf(urn)).setType(typeOf(urn)).setProperties(this.#struct(inputs));
    request.setTimeout(settings.timeout).setPreview(settings.preview);
    const answer = await this.#call(service.create, request);
    return { id: answer.getId(), outputs: fromStruct(answer.getProperties()) };
  }

  async update(
    old: Target,
    inputs: Properties,
    ignoreChanges: readonly string[],
    settings: CallSettings,
  ): Promise<Properties> {
    const request = new providerProto.UpdateRequest();
    request.setUrn(old.urn).setName(nameOf(old.urn)).setType(typeOf(old.urn)).setId(old.id);
    request.setOlds(this.#struct(old.outputs)).setOldInputs(this.#struct(old.inputs));
    request.setNews(this.#struct(inputs)).setIgnorechangesList([...ignoreChanges]);
    request.setTimeout(settings.timeout).setPreview(settings.preview);
    const answer = await this.#call(service.update, request);
    return fromStruct(answer.getProperties());
  }

  async read(target: Target, timeout: number): Promise<LiveResource> {
    const request = new providerProto.ReadRequest();
    request.setUrn(target.urn).setName(nameOf(target.urn)).setType(typeOf(target.urn)).setId(target.id);
    request.setInputs(this.#struct(target.inputs)).setProperties(this.#struct(target.outputs));
    request.setTimeout(timeout);
    const answer = await this.#call(service.read, request);
    const inputs = answer.getInputs();
    return {
      id: answer.getId(),
      outputs: fromStruct(answer.getProperties()),
      ...(inputs === undefined ? {} : { inputs: fromStruct(inputs) }),
    };
  }

  async delete(target: Target, timeout: number): Promise<void> {
    const request = new providerProto.DeleteRequest();
    request.setUrn(target.urn).setName(nameOf(target.urn)).setType(typeOf(target.urn)).setId(target.id);
    request.setProperties(this.#struct(target.outputs)).setOldInputs(this.#struct(target.inputs));
    request.setTimeout(timeout);
    await this.#call(service.delete, request);
  }

  async invoke(token: string, args: Properties, preview: boolean): Promise<Invoked> {
    const request = new providerProto.InvokeRequest();
    request.setTok(token).setArgs(this.#struct(args)).setPreview(preview);
    const answer = await this.#call(service.invoke, request);
    return { result: fromStruct(answer.getReturn()), failures: failuresOf(answer) };
  }

  async #call<Request, Response>(
    method: grpc.MethodDefinition<Request, Response>,
    request: Request,
  ): Promise<Response> {
    if (this.#configured === "no") {
      throw new UnderstudyError("A plugin was asked about a resource before it was configured.", {
        code: "internal",
      });
    }
    try {
      return await call(this.#client, method, request);
    } catch (error) {
      throw failureOf(error);
    }
  }

  async cancel(): Promise<void> {
    await call(this.#client, service.cancel, new emptyProto.Empty()).catch(() => {
      // Plugins may do without it; a plugin that is gone needs none.
    });
  }

  async close(): Promise<void> {
    this.#client.close();
    await this.#close();
  }
}
