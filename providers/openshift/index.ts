import type { Platform } from "../../src/platform/contract.ts";
import type { KubernetesConnection } from "../kubernetes/connection.ts";
import { kubernetes } from "../kubernetes/index.ts";
import { renderIn } from "../kubernetes/render.ts";
import type { Settings } from "../kubernetes/settings.ts";
import { capabilities } from "./capabilities.ts";
import { openshiftDialect } from "./dialect.ts";
import { settingsSchema } from "./settings.ts";

/** OpenShift 4.17 or later: Kubernetes, but for what its dialect says. */
export const openshift: Platform<Settings, KubernetesConnection> = {
  ...kubernetes,
  name: openshiftDialect.name,
  title: openshiftDialect.title,
  settings: settingsSchema,
  capabilities,
  render: (app, site) => renderIn(openshiftDialect, capabilities, app, site),
};
