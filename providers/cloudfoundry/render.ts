import type { App } from "../../src/app/schema.ts";
import { outputOf, type Rendered, type SiteSpec } from "../../src/platform/contract.ts";
import { compare } from "../../src/platform/fidelity.ts";
import { capabilities } from "./capabilities.ts";
import { manifest, procfile } from "./render/manifest.ts";
import { frontProcess } from "./render/names.ts";
import { renderResources } from "./render/resources.ts";
import type { Settings } from "./settings.ts";

/** One app on Cloud Foundry, in its three views. */
export function render(app: App, site: SiteSpec<Settings>): Rendered {
  return {
    resources: renderResources(app, site),
    artifacts: [manifest(app, site), ...procfile(app)],
    fidelity: compare(app, capabilities),
    ...(frontProcess(app) === undefined ? {} : { traffic: outputOf("route", "target") }),
  };
}
