import type { App } from "../../src/app/schema.ts";
import { type Artifact, outputOf, type Rendered, type SiteSpec } from "../../src/platform/contract.ts";
import { type Capabilities, compare } from "../../src/platform/fidelity.ts";
import { capabilities } from "./capabilities.ts";
import { kubernetesDialect } from "./dialect.ts";
import { renderArtifacts } from "./render/artifacts.ts";
import { entranceResource, renderResources } from "./render/resources.ts";
import { type Dialect, frontProcess, siteOf } from "./render/site.ts";
import type { Settings } from "./settings.ts";

/** One app on a cluster that speaks a dialect of Kubernetes, in its three views. */
export function renderIn(
  dialect: Dialect,
  rules: Capabilities,
  app: App,
  spec: SiteSpec<Settings>,
): Rendered {
  const site = siteOf(app, spec, dialect);
  const resources = renderResources(site);
  let files: readonly Artifact[] | undefined;
  return {
    resources,
    // Only who writes the files needs them, and text takes ten times as long as all else.
    get artifacts() {
      files ??= renderArtifacts(site, resources);
      return files;
    },
    fidelity: compare(app, rules),
    ...(frontProcess(site) === undefined ? {} : { traffic: outputOf(entranceResource, "traffic") }),
  };
}

/** One app on Kubernetes. */
export function render(app: App, spec: SiteSpec<Settings>): Rendered {
  return renderIn(kubernetesDialect, capabilities, app, spec);
}
