import * as pulumi from "@pulumi/pulumi";
import type { JsonObject } from "../base/json.ts";

/** An object whose properties may be known only later. A secret one stays secret alone when the object is exported. */
export type Inputs<T> = { readonly [K in keyof T]: pulumi.Input<T[K]> };

export interface UnderstudyArgs {
  /** Name of the platform, e.g. `heroku`. */
  readonly platform: string;
  /** What a client needs to reach it; kept secret as a whole. */
  readonly connection: pulumi.Input<JsonObject>;
}

/** The Understudy plugin, configured for one connection. */
export class Understudy extends pulumi.ProviderResource {
  constructor(name: string, { platform, connection }: UnderstudyArgs, options?: pulumi.ResourceOptions) {
    // A provider's properties go over the wire as text.
    super(
      "understudy",
      name,
      { platform, connection: pulumi.secret(pulumi.jsonStringify(connection)) },
      options,
    );
  }
}

/** A secret of any shape; Pulumi's own types give up on deep ones. */
export function secretObject(value: pulumi.Input<JsonObject>): pulumi.Output<JsonObject> {
  return pulumi.secret(value as unknown) as unknown as pulumi.Output<JsonObject>;
}
