import * as pulumi from "@pulumi/pulumi";
import type { App, Role } from "../app/schema.ts";
import { InputError } from "../base/errors.ts";
import type { JsonObject } from "../base/json.ts";
import type {
  InputValue,
  Platform,
  Rendered,
  RenderedResource,
  TrafficTarget,
} from "../platform/contract.ts";
import type { Archive } from "./archive.ts";
import { type Inputs, secretObject } from "./provider.ts";
import { SiteProviders } from "./providers.ts";
import { asReference, inDependencyOrder, outputReferences } from "./references.ts";
import { SiteResource } from "./resource.ts";

export interface SiteArgs {
  readonly app: App;
  readonly platform: Platform;
  /** Where on the platform; completed by the platform's own schema. */
  readonly settings?: JsonObject;
  readonly connection: pulumi.Input<JsonObject>;
  /** From the traffic ledger; `unknown` leaves what depends on the role as it is. */
  readonly role: Role | "unknown";
  /** Values of `app.secrets`. */
  readonly secrets?: Readonly<Record<string, pulumi.Input<string>>>;
  readonly archive?: Archive;
}

/** What a stack exports of a site: all that the kit needs. Its connection alone is secret. */
export interface SiteHandle {
  readonly name: string;
  readonly platform: string;
  readonly app: App;
  readonly settings: JsonObject;
  readonly connection: JsonObject;
  readonly traffic: TrafficTarget;
}

const defaultTimeoutSeconds = 600;

/**
 * An app on a platform in a role.
 *
 * @example
 * const site = new Site("mirror", { app, platform, settings: { organization: "acme" }, connection, role: "standby" });
 */
export class Site extends pulumi.ComponentResource {
  readonly handle: Inputs<SiteHandle>;

  constructor(name: string, args: SiteArgs, options?: pulumi.ComponentResourceOptions) {
    super("understudy:index:Site", name, {}, options);
    const settings = args.platform.settings.parse(args.settings ?? {});
    const rendered = args.platform.render(args.app, {
      name,
      role: args.role,
      settings,
      ...(args.archive === undefined ? {} : { archive: args.archive }),
    });
    const providers = new SiteProviders(name, args.platform, args.connection, this);
    const made = new Map<string, SiteResource>();
    const resolve = resolver(args, made);
    const read = readProperties(rendered);
    for (const resource of inDependencyOrder(rendered.resources)) {
      const inputs = resolve(resource.inputs as InputValue) as pulumi.Inputs;
      made.set(
        resource.name,
        new SiteResource(
          resource.type,
          `${name}-${resource.name}`,
          inputs,
          read.get(resource.name) ?? [],
          this.optionsFor(resource, args.role, providers, made),
        ),
      );
    }
    const traffic = rendered.traffic === undefined ? undefined : resolve(rendered.traffic);
    this.handle = {
      name,
      platform: args.platform.name,
      app: args.app,
      settings,
      connection: secretObject(args.connection),
      traffic: pulumi.output(traffic) as pulumi.Output<TrafficTarget>,
    };
    this.registerOutputs({ traffic });
  }

  private optionsFor(
    resource: RenderedResource,
    role: Role | "unknown",
    providers: SiteProviders,
    made: ReadonlyMap<string, SiteResource>,
  ): pulumi.CustomResourceOptions {
    const timeout = `${resource.timeoutSeconds ?? defaultTimeoutSeconds}s`;
    return {
      parent: this,
      ...providers.optionsFor(resource.type),
      dependsOn: (resource.dependsOn ?? []).flatMap((name) => made.get(name) ?? []),
      ignoreChanges: role === "unknown" ? [...(resource.roleInputs ?? [])] : [],
      additionalSecretOutputs: [...(resource.secretOutputs ?? [])],
      customTimeouts: { create: timeout, update: timeout, delete: timeout },
    };
  }
}

/** Which outputs of each resource are read by others, so that Pulumi knows to fill them in. */
function readProperties({ resources, traffic }: Rendered): ReadonlyMap<string, ReadonlySet<string>> {
  const read = new Map<string, Set<string>>();
  const values: InputValue[] = resources.map((resource) => resource.inputs as InputValue);
  if (traffic !== undefined) values.push(traffic as InputValue);
  for (const { resource, property } of values.flatMap(outputReferences)) {
    const [top = ""] = property.split(".");
    if (top !== "id") read.set(resource, (read.get(resource) ?? new Set()).add(top));
  }
  return read;
}

/** Turns references into Pulumi's outputs, at any depth. */
function resolver(args: SiteArgs, made: ReadonlyMap<string, SiteResource>) {
  const resolve = (value: InputValue): unknown => {
    const reference = asReference(value);
    if (reference !== undefined) {
      if ("$secret" in reference) return secretValue(args, reference.$secret);
      return made.get(reference.$output.resource)?.output(reference.$output.property);
    }
    if (Array.isArray(value)) return value.map(resolve);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolve(item)]));
  };
  return resolve;
}

/** A secret that isn't required and isn't set is left out of what it stands in. */
function secretValue({ app, secrets }: SiteArgs, name: string): pulumi.Output<string> | undefined {
  const value = secrets?.[name];
  if (value !== undefined) return pulumi.secret(value);
  if (app.secrets[name]?.required === false) return undefined;
  throw new InputError([
    {
      code: "missing-secret",
      path: `secrets.${name}`,
      message: `The app needs the secret ${name}, and this stack has no value for it.`,
      suggestion: `Set it: understudy config set ${pulumi.getStack()} --secret --path understudy:secrets.${name}`,
    },
  ]);
}
