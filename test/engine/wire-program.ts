import grpc from "@grpc/grpc-js";
import resourceGrpc from "@pulumi/pulumi/proto/resource_grpc_pb.js";
import resourceProto from "@pulumi/pulumi/proto/resource_pb.js";
import structProto from "google-protobuf/google/protobuf/struct_pb.js";
import type { Launch, Program } from "../../src/engine/program.ts";
import type { SpecResource } from "./fixtures/program/spec.ts";

const service = resourceGrpc.ResourceMonitorService;

function struct(value: object): structProto.Struct {
  return structProto.Struct.fromJavaScript(value as Record<string, never>);
}

/** A registered resource as the program knows it. */
interface Known {
  readonly urn: string;
  readonly outputs: Readonly<Record<string, unknown>>;
}

/**
 * A program that speaks to the engine's monitor over the wire, as the SDK would, without a process of its own: hundreds
 * of runs in the time of one. Resources are registered as soon as those they refer to are there.
 */
export class WireProgram {
  readonly #launch: Launch;
  readonly #client: grpc.Client;
  readonly #known = new Map<string, Promise<Known | undefined>>();

  private constructor(launch: Launch) {
    this.#launch = launch;
    this.#client = new grpc.Client(launch.address, grpc.credentials.createInsecure());
  }

  /** A program for {@link RunSettings.start} that registers these. */
  static of(resources: readonly SpecResource[]): (launch: Launch) => Program {
    return (launch) => {
      const program = new WireProgram(launch);
      const ended = program.#run(resources).then(
        (ok) => ({ ok, reason: undefined }),
        (error: unknown) => ({ ok: false, reason: String(error) }),
      );
      return { ended, kill: async () => {} };
    };
  }

  async #run(resources: readonly SpecResource[]): Promise<boolean> {
    const { project, stack } = this.#launch;
    try {
      const root = await this.#register("pulumi:pulumi:Stack", `${project.name}-${stack}`, {}, (request) =>
        request.setCustom(false),
      );
      for (const resource of resources) {
        this.#known.set(resource.name, this.#registerSpec(resource, root?.urn ?? ""));
      }
      const made = await Promise.all(this.#known.values());
      await this.#call(
        service.registerResourceOutputs,
        new resourceProto.RegisterResourceOutputsRequest().setUrn(root?.urn ?? "").setOutputs(struct({})),
      );
      return made.every((known) => known !== undefined);
    } finally {
      this.#client.close();
    }
  }

  async #registerSpec(
    { name, inputs = {}, options = {} }: SpecResource,
    root: string,
  ): Promise<Known | undefined> {
    const dependencies = new Set<string>();
    const resolved: Record<string, unknown> = {};
    const byProperty = new Map<string, string>();
    for (const [key, written] of Object.entries(inputs)) {
      const reference = (written as { readonly $ref?: string } | null)?.$ref;
      if (reference === undefined) {
        resolved[key] = written;
        continue;
      }
      const [other = "", property = ""] = reference.split(".");
      const known = await this.#known.get(other);
      if (known === undefined) return undefined;
      resolved[key] = known.outputs[property];
      dependencies.add(known.urn);
      byProperty.set(key, known.urn);
    }
    return this.#register("testcloud:index:Thing", name, resolved, (request) => {
      request
        .setCustom(true)
        .setParent(root)
        .setDependenciesList([...dependencies]);
      for (const key of Object.keys(inputs)) {
        const urn = byProperty.get(key);
        const list = new resourceProto.RegisterResourceRequest.PropertyDependencies();
        request.getPropertydependenciesMap().set(key, list.setUrnsList(urn === undefined ? [] : [urn]));
      }
      if (options.deleteBeforeReplace !== undefined) {
        request
          .setDeletebeforereplace(options.deleteBeforeReplace === true)
          .setDeletebeforereplacedefined(true);
      }
      return request;
    });
  }

  async #register(
    type: string,
    name: string,
    inputs: object,
    complete: (request: resourceProto.RegisterResourceRequest) => resourceProto.RegisterResourceRequest,
  ): Promise<Known | undefined> {
    const request = new resourceProto.RegisterResourceRequest()
      .setType(type)
      .setName(name)
      .setObject(struct(inputs));
    request.setAcceptsecrets(true).setSupportsresultreporting(true).setSupportspartialvalues(true);
    const answer = await this.#call(service.registerResource, complete(request));
    if (answer.getResult() !== resourceProto.Result.SUCCESS) return undefined;
    return { urn: answer.getUrn(), outputs: (answer.getObject()?.toJavaScript() ?? {}) as Known["outputs"] };
  }

  #call<Request, Response>(
    method: grpc.MethodDefinition<Request, Response>,
    request: Request,
  ): Promise<Response> {
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
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
}
