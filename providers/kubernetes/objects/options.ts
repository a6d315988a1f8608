import type { JsonObject } from "../../../src/base/json.ts";
import type { KubernetesConnection } from "../connection.ts";

/** What a program may set on the package's provider, beside the way into the cluster. */
export interface ProviderOptions {
  /** Of objects that name none. @default "default" */
  readonly namespace: string;
  /** Take over fields that others manage, on every object. */
  readonly patchForce: boolean;
  /** Take what exists already for the resource that is to be made. */
  readonly upsert: boolean;
  /** Change the data of ConfigMaps in place; else a change makes a new one. */
  readonly mutableConfigMaps: boolean;
  readonly mutableSecrets: boolean;
}

type WithOptions = KubernetesConnection & { readonly options?: JsonObject & ProviderOptions };

/** For those who call the handlers without a provider. */
const plain: ProviderOptions = {
  namespace: "default",
  patchForce: false,
  upsert: false,
  mutableConfigMaps: true,
  mutableSecrets: true,
};

/** A connection that carries the options to the handlers. */
export function withOptions(
  connection: KubernetesConnection,
  options: ProviderOptions,
): KubernetesConnection {
  const carrier: WithOptions = { ...connection, options: { ...options } };
  return carrier;
}

export function optionsOf(connection: KubernetesConnection | undefined): ProviderOptions {
  return (connection as WithOptions | undefined)?.options ?? plain;
}
