import { UnderstudyError } from "../base/errors.ts";
import type { ConfigValues } from "./config.ts";
import { ReportedError } from "./deployment.ts";
import { type Goal, plainGoal } from "./goal.ts";
import { providerInputs } from "./provider-registry.ts";
import type { ResourceState } from "./resource-state.ts";
import { packageOf, providerReference, providerType } from "./urn.ts";
import { type Properties, secret } from "./values.ts";

/** The providers of resources that name none: one a package and version, configured by the stack's settings. */
export class DefaultProviders {
  readonly #config: ConfigValues;
  readonly #register: (goal: Goal) => Promise<ResourceState | undefined>;
  readonly #references = new Map<string, Promise<string>>();

  constructor(config: ConfigValues, register: (goal: Goal) => Promise<ResourceState | undefined>) {
    this.#config = config;
    this.#register = register;
  }

  /** The reference of a token's provider, which is registered when first asked for. */
  of(token: string, version: string | undefined): Promise<string> {
    const pkg = packageOf(token);
    // As Pulumi names them (pkg/resource/deploy/providers), so that a state can go both ways.
    const name = version === undefined ? "default" : `default_${version.replaceAll(/[.+-]/g, "_")}`;
    let reference = this.#references.get(`${pkg} ${name}`);
    if (reference === undefined) {
      reference = this.#make(pkg, name, version);
      this.#references.set(`${pkg} ${name}`, reference);
    }
    return reference;
  }

  async #make(pkg: string, name: string, version: string | undefined): Promise<string> {
    this.#refuseDisabled(pkg);
    const inputs = providerInputs(this.#settingsOf(pkg), version);
    const state = await this.#register({ ...plainGoal(providerType(pkg), name), inputs, version });
    // It has been told why; those that need the provider need no word of their own.
    if (state === undefined) throw new ReportedError(new Error(`The provider of '${pkg}' can't be used.`));
    return providerReference(state.urn, state.id ?? "");
  }

  #settingsOf(pkg: string): Properties {
    const prefix = `${pkg}:`;
    return Object.fromEntries(
      [...this.#config]
        .filter(([key]) => key.startsWith(prefix))
        .map(([key, { text, secret: isSecret }]) => [
          key.slice(prefix.length),
          isSecret ? secret(text) : text,
        ]),
    );
  }

  #refuseDisabled(pkg: string): void {
    const disabled = this.#config.get("pulumi:disable-default-providers")?.value;
    const names = typeof disabled === "string" && disabled !== "" ? JSON.parse(disabled) : disabled;
    if (pkg === "pulumi" || !Array.isArray(names) || !(names.includes("*") || names.includes(pkg))) return;
    throw new UnderstudyError(
      `The default provider of '${pkg}' is switched off by pulumi:disable-default-providers.`,
      {
        code: "default-provider-disabled",
        suggestion: "Give the resource a provider of its own, with the option `provider`.",
      },
    );
  }
}
