import type { Platform } from "../../src/platform/contract.ts";
import { capabilities } from "./capabilities.ts";
import { HerokuControl } from "./control/control.ts";
import { observeApp } from "./observe-app.ts";
import { render } from "./render/render.ts";
import { addon } from "./resources/addon.ts";
import { app } from "./resources/app.ts";
import { attachment } from "./resources/attachment.ts";
import { buildpacks } from "./resources/buildpacks.ts";
import { config } from "./resources/config.ts";
import { domain } from "./resources/domain.ts";
import { drain } from "./resources/drain.ts";
import { formation } from "./resources/formation.ts";
import { release } from "./resources/release.ts";
import { connectionSchema, type HerokuConnection, type HerokuSettings, settingsSchema } from "./settings.ts";

/** Heroku's Common Runtime and private spaces, by the Platform API v3. */
export const heroku: Platform<HerokuSettings, HerokuConnection> = {
  name: "heroku",
  title: "Heroku",
  settings: settingsSchema,
  connection: connectionSchema,
  access: { token: "secret" },
  capabilities,
  render,
  observeApp,
  connect: (connection, site) => new HerokuControl(connection, site),
  resources: {
    "understudy:heroku:Addon": addon,
    "understudy:heroku:App": app,
    "understudy:heroku:Attachment": attachment,
    "understudy:heroku:Buildpacks": buildpacks,
    "understudy:heroku:Config": config,
    "understudy:heroku:Domain": domain,
    "understudy:heroku:Drain": drain,
    "understudy:heroku:Formation": formation,
    "understudy:heroku:Release": release,
  },
};
