import { envNamesOf } from "../../../src/app/roles.ts";
import { sortKeys } from "../../../src/base/json.ts";
import { type InputValue, outputOf, secretOf } from "../../../src/platform/contract.ts";
import { configObject, envObject, recommendedLabels, shortHash } from "../names.ts";
import { externalResource, sourceOf } from "./backing.ts";
import type { KubeResource } from "./kube.ts";
import { kubeResource, sharedWithFailover } from "./object.ts";
import { type Site, sortedEntries } from "./site.ts";

const configResource = "config";
/** Logical name of the Secret. */
export const envResource = "env";

/** PORT is the container's own. */
function isOurs(name: string): boolean {
  return name === "PORT";
}

function plainConfig({ app }: Site): Readonly<Record<string, string>> {
  return sortKeys(Object.fromEntries(Object.entries(app.config).filter(([name]) => !isOurs(name))));
}

/** URLs of services outside the cluster, and secrets. What is inside is read from the Secret that came with it. */
function secretConfig(site: Site): Readonly<Record<string, InputValue>> {
  const { app } = site;
  const urls = sortedEntries(app.services)
    .filter(([name]) => sourceOf(site, name).from === "external")
    .flatMap(([name, service]) =>
      envNamesOf(name, service).map((env) => [env, outputOf(externalResource(name), "url")] as const),
    );
  const secrets = Object.keys(app.secrets)
    .filter((name) => !isOurs(name))
    .map((name) => [name, secretOf(name)] as const);
  return sortKeys(Object.fromEntries<InputValue>([...urls, ...secrets]));
}

/** Names of the values that the owner has to bring: secrets, and URLs of services outside the cluster. */
export function secretNames(site: Site): readonly string[] {
  return Object.keys(secretConfig(site));
}

/** The environment that all containers share: a ConfigMap and a Secret. */
export function renderConfig(site: Site): readonly KubeResource[] {
  const { app, settings } = site;
  const config = plainConfig(site);
  const secrets = secretConfig(site);
  const labels = recommendedLabels(app, settings);
  const annotations = sharedWithFailover;
  return [
    kubeResource(site, configResource, {
      apiVersion: "v1",
      kind: "ConfigMap",
      name: configObject(app, settings),
      labels,
      annotations,
      fields: { data: Object.keys(config).length === 0 ? undefined : config },
    }),
    kubeResource(site, envResource, {
      apiVersion: "v1",
      kind: "Secret",
      name: envObject(app, settings),
      labels,
      annotations,
      fields: { type: "Opaque", stringData: Object.keys(secrets).length === 0 ? undefined : secrets },
      options: { secretOutputs: ["data", "stringData"] },
    }),
  ];
}

/** `envFrom` of every container of the app. */
export function environmentOf({ app, settings }: Site): InputValue {
  return [
    { configMapRef: { name: configObject(app, settings) } },
    { secretRef: { name: envObject(app, settings) } },
  ];
}

/** Annotation that holds the version of the Secret. */
export const envVersion = "understudy.dev/env-version";

/** On pods that run on: containers read their environment once, so a change of it has to change the pod. */
export function environmentVersion(site: Site): Readonly<Record<string, InputValue>> {
  return {
    "understudy.dev/config-hash": shortHash(JSON.stringify(plainConfig(site)), 16),
    [envVersion]: outputOf(envResource, "metadata.resourceVersion"),
  };
}
