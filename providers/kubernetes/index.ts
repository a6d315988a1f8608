import type { Platform } from "../../src/platform/contract.ts";
import { capabilities } from "./capabilities.ts";
import { connectionSchema, type KubernetesConnection } from "./connection.ts";
import { KubernetesSite } from "./control/site-control.ts";
import { kubernetesPackage } from "./package.ts";
import { render } from "./render.ts";
import { resources } from "./resources.ts";
import { type Settings, settingsSchema } from "./settings.ts";

/** Any cluster that speaks Kubernetes' API, 1.30 or later. */
export const kubernetes: Platform<Settings, KubernetesConnection> = {
  name: "kubernetes",
  title: "Kubernetes",
  settings: settingsSchema,
  connection: connectionSchema,
  access: { kubeconfig: "secret" },
  capabilities,
  render,
  connect: (connection, site) => new KubernetesSite(connection, site),
  resources,
  package: kubernetesPackage,
};
