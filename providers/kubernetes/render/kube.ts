import type { InputValue, RenderedResource } from "../../../src/platform/contract.ts";

export type Labels = Readonly<Record<string, InputValue>>;

/** Fields of an object; those that are undefined are left out. */
export type Fields = { readonly [field: string]: InputValue | undefined };

/** An object as the API server takes it; any value may be a reference. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Labels;
    readonly annotations?: Labels;
  };
  readonly [field: string]: InputValue;
}

/** A resource that stands for one object of a cluster. */
export interface KubeResource extends RenderedResource {
  readonly inputs: KubeObject;
}

/** The object that a resource stands for, or undefined when it stands for something else. */
export function asKubeResource(resource: RenderedResource): KubeResource | undefined {
  return resource.type.startsWith("kubernetes:") ? (resource as KubeResource) : undefined;
}
