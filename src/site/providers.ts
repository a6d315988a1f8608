import * as pulumi from "@pulumi/pulumi";
import { UnderstudyError } from "../base/errors.ts";
import type { JsonObject } from "../base/json.ts";
import type { Platform, PulumiPackage } from "../platform/contract.ts";
import { secretObject, Understudy } from "./provider.ts";

/** The providers of one site's resources: each is made when the first resource needs it. */
export class SiteProviders {
  readonly #name: string;
  readonly #platform: Platform;
  readonly #connection: pulumi.Input<JsonObject>;
  readonly #parent: pulumi.Resource;
  readonly #made = new Map<string, pulumi.CustomResourceOptions>();

  constructor(
    name: string,
    platform: Platform,
    connection: pulumi.Input<JsonObject>,
    parent: pulumi.Resource,
  ) {
    this.#name = name;
    this.#platform = platform;
    this.#connection = connection;
    this.#parent = parent;
  }

  /** What makes the resources of a type be carried out by the right plugin. */
  optionsFor(type: string): pulumi.CustomResourceOptions {
    const [name = ""] = type.split(":");
    const options = this.#made.get(name) ?? this.#make(name, type);
    this.#made.set(name, options);
    return options;
  }

  #make(name: string, type: string): pulumi.CustomResourceOptions {
    const { name: platform, package: pkg, title } = this.#platform;
    if (name === "understudy") {
      const args = { platform, connection: this.#connection };
      return { provider: new Understudy(this.#name, args, { parent: this.#parent }) };
    }
    if (name === pkg?.name) return { provider: this.#ofPackage(pkg), version: pkg.version };
    throw new UnderstudyError(`${title} renders ${type}, and names no package that carries it out.`, {
      code: "unknown-package",
    });
  }

  #ofPackage(pkg: PulumiPackage): pulumi.ProviderResource {
    const config = secretObject(this.#connection).apply((connection) => pkg.config(connection));
    const inputs = pkg.configKeys.map((key) => [key, config.apply((all) => all[key])]);
    const options = { parent: this.#parent, version: pkg.version };
    return new PackageProvider(pkg.name, `${this.#name}-${pkg.name}`, Object.fromEntries(inputs), options);
  }
}

/** The provider of someone else's package. */
class PackageProvider extends pulumi.ProviderResource {}
