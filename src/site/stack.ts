import { dirname, join, resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { loadApp } from "../app/load.ts";
import type { App, Role } from "../app/schema.ts";
import type { JsonObject } from "../base/json.ts";
import { loadPlatform } from "../platform/registry.ts";
import { parseZoneSettings } from "../traffic/parse.ts";
import { readRole } from "../traffic/role.ts";
import type { ZoneSettings } from "../traffic/settings.ts";
import { archiveFolder } from "./archive.ts";
import type { RecordsArgs } from "./records.ts";
import type { SiteArgs, SiteHandle } from "./site.ts";

/**
 * What a stack's configuration says, under the namespace `understudy`:
 *
 * - `app`: path of the description, relative to the project. Default `understudy.yaml`.
 * - `platform`, `settings`, `connection`: where this site stands, and (secret) how to reach it.
 * - `secrets`: the values of the app's secrets, by name.
 * - `traffic`: the zone and names that lead users to the app; its `key` is needed by the edge stack alone.
 * - `overwrite`: true lets the first creation of the records replace others that are there. Default false.
 * - `active`: name of the site that is active before there is a ledger. Default `primary`.
 */
const config = () => new pulumi.Config("understudy");

/** The app that the project describes. */
export async function appOfStack(): Promise<{ readonly app: App; readonly folder: string }> {
  const path = resolve(pulumi.getRootDirectory(), config().get("app") ?? "understudy.yaml");
  return { app: await loadApp(path), folder: dirname(path) };
}

/** The traffic settings without their key, or undefined when the stack has none. */
export function trafficOfStack(): ZoneSettings | undefined {
  const settings = config().getObject<JsonObject>("traffic");
  return settings === undefined ? undefined : parseZoneSettings(settings);
}

/** The site that is active while the ledger says nothing. */
function initiallyActive(): string {
  return config().get("active") ?? "primary";
}

/** The role that the ledger states now; when it can't be read, fields that follow the role are left as they are. */
async function roleOf(site: string): Promise<Role | "unknown"> {
  const settings = trafficOfStack();
  if (settings === undefined) return site === initiallyActive() ? "active" : "standby";
  const { role, reason } = await readRole(settings, site);
  if (role === "none") return site === initiallyActive() ? "active" : "standby";
  if (role === "unknown") {
    await pulumi.log.warn(
      `The traffic ledger can't be read (${reason}). Replicas, release command and whatever else follows the role of '${site}' are left as they are.`,
    );
  }
  return role;
}

/** Everything that the site of this stack is made from. */
export async function siteOfStack(site: string): Promise<SiteArgs> {
  const [{ app, folder }, platform, role] = await Promise.all([
    appOfStack(),
    loadPlatform(config().require("platform")),
    roleOf(site),
  ]);
  const archives = join(pulumi.getRootDirectory(), ".understudy", "archives");
  return {
    app,
    platform,
    role,
    settings: config().getObject<JsonObject>("settings") ?? {},
    connection: config().requireSecretObject<JsonObject>("connection"),
    secrets: secretsOf(app),
    ...("path" in app.source
      ? { archive: await archiveFolder(join(folder, app.source.path), archives) }
      : {}),
  };
}

function secretsOf(app: App): Readonly<Record<string, pulumi.Output<string>>> {
  const values = config().getSecretObject<Readonly<Record<string, string>>>("secrets");
  const known = config().getObject<Readonly<Record<string, string>>>("secrets") ?? {};
  if (values === undefined) return {};
  return Object.fromEntries(
    Object.keys(app.secrets)
      .filter((name) => known[name] !== undefined)
      .map((name) => [name, values.apply((all) => all[name] ?? "")]),
  );
}

/** What the edge is made from: the records lead to the site that is active before there is a ledger. */
export async function edgeOfStack(): Promise<RecordsArgs> {
  const zone = parseZoneSettings(config().requireObject<JsonObject>("traffic"));
  const active = initiallyActive();
  const stack = new pulumi.StackReference(`${pulumi.getOrganization()}/${pulumi.getProject()}/${active}`);
  return {
    zone,
    active,
    key: config().requireSecretObject<JsonObject>("trafficKey"),
    overwrite: config().getBoolean("overwrite") ?? false,
    target: stack.requireOutput("site").apply((site: SiteHandle) => site.traffic),
  };
}
