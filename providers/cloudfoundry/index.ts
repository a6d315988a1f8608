import type { Platform } from "../../src/platform/contract.ts";
import { capabilities } from "./capabilities.ts";
import { CloudFoundrySite } from "./control/site-control.ts";
import { observeApp } from "./observe-app.ts";
import { render } from "./render.ts";
import { resources } from "./resources.ts";
import { type Connection, connectionSchema, type Settings, settingsSchema } from "./settings.ts";

/** Any foundation that speaks Cloud Foundry's API v3. */
export const cloudfoundry: Platform<Settings, Connection> = {
  name: "cloudfoundry",
  title: "Cloud Foundry",
  settings: settingsSchema,
  connection: connectionSchema,
  access: { url: "plain", username: "plain", password: "secret" },
  capabilities,
  render,
  connect: (connection, site) => new CloudFoundrySite(connection, site),
  resources,
  observeApp,
};
