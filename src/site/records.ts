import * as pulumi from "@pulumi/pulumi";
import type { JsonObject } from "../base/json.ts";
import type { TrafficTarget } from "../platform/contract.ts";
import type { ZoneSettings } from "../traffic/settings.ts";
import { type Inputs, secretObject, Understudy } from "./provider.ts";

export interface RecordsArgs {
  /** The zone and names, without the key. */
  readonly zone: ZoneSettings;
  /** What may change the zone; secret. */
  readonly key: pulumi.Input<JsonObject>;
  /** Name of the site that is active when the records are made. */
  readonly active: string;
  readonly target: pulumi.Input<TrafficTarget>;
  /** Let the first creation replace records that lead elsewhere. @default false */
  readonly overwrite?: boolean;
}

/** What the edge stack exports: all that the kit needs to move traffic. Its key alone is secret. */
export interface TrafficHandle {
  readonly zone: JsonObject;
  readonly key: JsonObject;
}

/** The app's DNS records and the ledger beside them. What they say after their creation is not Pulumi's business. */
export class Records extends pulumi.CustomResource {
  readonly handle: Inputs<TrafficHandle>;

  constructor(
    name: string,
    { zone, key, active, target, overwrite = false }: RecordsArgs,
    options?: pulumi.CustomResourceOptions,
  ) {
    const provider = new Understudy(name, { platform: "traffic", connection: keyed(key) });
    super(
      "understudy:traffic:Records",
      name,
      { zone, active, target, overwrite },
      { ...options, provider, ignoreChanges: ["active", "target"] },
    );
    this.handle = { zone: zone as unknown as JsonObject, key: secretObject(key) };
  }
}

function keyed(key: pulumi.Input<JsonObject>): pulumi.Output<JsonObject> {
  return secretObject(key).apply((value) => ({ key: value }) as JsonObject);
}
