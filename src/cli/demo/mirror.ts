import type { App } from "../../app/schema.ts";
import type { JsonObject } from "../../base/json.ts";
import type { LocalInfo } from "../../local/info.ts";
import type { PartName } from "../../local/layout.ts";

/** A field of a stack's settings: its path below `understudy:`, and the value; a secret is written encrypted. */
export type Setting = readonly [path: string, value: JsonObject | { readonly secret: string }];

/** What the demo's mirror stands on. */
export interface MirrorPlace {
  /** As commands call it. */
  readonly platform: string;
  /** As people read it. */
  readonly title: string;
  /** With its article, where it stands beside others. */
  readonly what: string;
  /** For the report: what it really is here. */
  readonly truth: string;
  /** It stays when the stage is cleared: what the mirror's stack made there is destroyed. */
  readonly outlives: boolean;
  /** Of the local platforms, what it needs. */
  readonly parts: readonly PartName[];
  /** The port at which users come in there, which is then that of the primary too. @default any that is free */
  readonly port?: number;
  /** Where users come in. */
  entrance(local: LocalInfo): { readonly address: string; readonly port: number };
  /** How the mirror's stack reaches it. */
  settings(local: LocalInfo, app: App): readonly Setting[];
}

/** The Cloud Foundry of this machine. */
export const cloudFoundry: MirrorPlace = {
  platform: "cloudfoundry",
  title: "Cloud Foundry",
  what: "a Cloud Foundry",
  outlives: false,
  truth:
    "Cloud Foundry as Understudy's local platform: its API, with real processes, Postgres and Redis behind it",
  parts: ["heroku", "cloudfoundry", "dns"],
  entrance: ({ cloudfoundry }) => cloudfoundry.router,
  settings({ cloudfoundry }) {
    const { organization, space, appsDomain, url, username, password, router } = cloudfoundry;
    return [
      ["settings", { organization, space, appsDomain, entrance: router }],
      ["connection", { url, username }],
      ["connection.password", { secret: password }],
    ];
  },
};
