import * as pulumi from "@pulumi/pulumi";
import type { JsonObject } from "../base/json.ts";

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
