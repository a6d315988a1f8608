import { NotFoundError, UnsupportedError } from "../base/errors.ts";
import type { Checked, Invoked, LiveResource, ResourceProvider, Target } from "./provider.ts";
import type { ResourceState } from "./resource-state.ts";
import { typeOf } from "./urn.ts";
import { hasSecret, type Properties } from "./values.ts";

const referenceType = "pulumi:pulumi:StackReference";

/** The part of the engine that stands in for the plugin of the package `pulumi`: references to other stacks, and getResource. */
export class Builtin implements ResourceProvider {
  readonly isKnown = true;
  readonly supportsPreview = true;
  readonly #outputsOf: (stack: string) => Promise<Properties>;
  readonly #resource: (urn: string) => ResourceState | undefined;

  constructor(options: {
    /** The outputs of another stack of the backend, by `stack`, `project/stack` or `organization/project/stack`. */
    readonly outputsOf: (stack: string) => Promise<Properties>;
    /** A resource registered in this run. */
    readonly resource: (urn: string) => ResourceState | undefined;
  }) {
    this.#outputsOf = options.outputsOf;
    this.#resource = options.resource;
  }

  async check(urn: string, _olds: Properties, news: Properties): Promise<Checked> {
    refuseOther(urn);
    return { inputs: news, failures: [] };
  }

  async diff(): Promise<"unknown"> {
    return "unknown";
  }

  async create(urn: string, inputs: Properties): Promise<LiveResource> {
    return this.read({ urn, id: String(inputs.name), inputs, outputs: {} });
  }

  async update(old: Target, inputs: Properties): Promise<Properties> {
    return (await this.create(old.urn, inputs)).outputs;
  }

  async read({ urn, id, inputs }: Target): Promise<LiveResource> {
    refuseOther(urn);
    const outputs = await this.#outputsOf(id);
    const secretNames = Object.keys(outputs).filter((name) => hasSecret(outputs[name]));
    return { id, inputs, outputs: { name: id, outputs, secretOutputNames: secretNames } };
  }

  async delete(): Promise<void> {}

  async invoke(token: string, args: Properties): Promise<Invoked> {
    if (token !== "pulumi:pulumi:getResource") {
      throw new UnsupportedError(`The offline engine has no function '${token}'.`, {
        code: "function-unsupported",
      });
    }
    const urn = String(args.urn);
    const state = this.#resource(urn);
    if (state === undefined) {
      throw new NotFoundError(`There is no resource '${urn}' in this run.`, { code: "no-resource" });
    }
    return { result: { urn, id: state.id ?? "", state: state.outputs }, failures: [] };
  }
}

function refuseOther(urn: string): void {
  if (typeOf(urn) === referenceType) return;
  throw new UnsupportedError(`The offline engine has no resource type '${typeOf(urn)}'.`, {
    code: "type-unsupported",
    path: urn,
    suggestion: "Use --engine pulumi.",
  });
}
