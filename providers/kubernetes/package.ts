import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { stringify } from "yaml";
import { z } from "zod";
import { InputError, messageOf } from "../../src/base/errors.ts";
import type { JsonObject } from "../../src/base/json.ts";
import type { PulumiPackage } from "../../src/platform/contract.ts";
import type { ResourceHandler } from "../../src/platform/handler.ts";
import { parseKubeconfig } from "./client/kubeconfig.ts";
import { connectionSchema, type KubernetesConnection } from "./connection.ts";
import { objectHandler } from "./objects/handler.ts";
import { withOptions } from "./objects/options.ts";
import { objectTypeOf } from "./objects/type.ts";

/** The package writes what is no text as JSON. */
const flag = z.union([z.boolean(), z.enum(["true", "false"]).transform((text) => text === "true")]);

/** What of the provider's configuration is heeded (`ProviderArgs` of @pulumi/kubernetes 4.34). */
const configSchema = z.looseObject({
  kubeconfig: z.string().exactOptional(),
  context: z.string().exactOptional(),
  namespace: z.string().min(1).exactOptional(),
  enablePatchForce: flag.exactOptional(),
  enableServerSideApply: flag.exactOptional(),
  enableConfigMapMutable: flag.exactOptional(),
  enableSecretMutable: flag.exactOptional(),
  upsertExistingObjects: flag.exactOptional(),
  cluster: z.string().exactOptional(),
  renderYamlToDirectory: z.string().exactOptional(),
});

/** Settings that would make the real plugin do something else altogether. */
const unsupported = ["cluster", "renderYamlToDirectory"] as const;

/** The kubeconfig's text and the name of its context. */
function kubeconfigOf(connection: KubernetesConnection): {
  readonly kubeconfig: string;
  readonly context: string;
} {
  if ("kubeconfig" in connection) {
    const { kubeconfig } = connection;
    return { kubeconfig, context: parseKubeconfig(kubeconfig, connection.context).name };
  }
  const { url, token, ca, insecure } = connection;
  const cluster = {
    server: url,
    ...(ca === undefined ? {} : { "certificate-authority-data": Buffer.from(ca).toString("base64") }),
    ...(insecure === true ? { "insecure-skip-tls-verify": true } : {}),
  };
  const name = "understudy";
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name, cluster }],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    "current-context": name,
  };
  return { kubeconfig: stringify(config), context: name };
}

/** A provider's configuration, as the package's plugin takes it. */
function config(connection: KubernetesConnection): JsonObject {
  const { kubeconfig, context } = kubeconfigOf(connection);
  return {
    kubeconfig,
    context,
    // New credentials, or another name of the context, are no other cluster.
    clusterIdentifier: parseKubeconfig(kubeconfig, context).server.toLowerCase(),
    enableServerSideApply: "true",
    // Without these the plugin replaces a ConfigMap or Secret whose data changes, under the feet of running pods.
    enableConfigMapMutable: "true",
    enableSecretMutable: "true",
  };
}

/** The text of the kubeconfig that a provider without one means: KUBECONFIG's, else the user's. */
function ambientKubeconfig(): string {
  const [named] = (process.env.KUBECONFIG ?? "").split(delimiter).filter(Boolean);
  return readText(named ?? join(homedir(), ".kube", "config"));
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw bad(
      "kubeconfig",
      `There is no kubeconfig to read at ${path} (${messageOf(error)}).`,
      "Set kubernetes:kubeconfig to a kubeconfig's text, or KUBECONFIG to its path.",
    );
  }
}

function bad(path: string, message: string, suggestion: string): InputError {
  return new InputError([{ code: "bad-provider-config", path, message, suggestion }]);
}

function connection(given: JsonObject): KubernetesConnection {
  const parsed = configSchema.safeParse(given);
  if (!parsed.success) {
    throw new InputError(
      parsed.error.issues.map(({ path, message }) => ({
        code: "bad-provider-config",
        path: path.join("."),
        message: `${path.join(".")}: ${message}`,
      })),
    );
  }
  const options = parsed.data;
  for (const key of unsupported) {
    if (options[key] !== undefined) {
      throw bad(key, `What stands in for the plugin does not support '${key}'.`, "Use the plugin itself.");
    }
  }
  if (options.enableServerSideApply === false) {
    throw bad(
      "enableServerSideApply",
      "What stands in for the plugin applies server-side only.",
      "Leave out enableServerSideApply: false, or use the plugin itself.",
    );
  }
  const text = options.kubeconfig ?? "";
  // The package takes a file's path too.
  const isPath = text !== "" && !text.includes("\n") && /^[~/.]/.test(text);
  const kubeconfig =
    text === "" ? ambientKubeconfig() : isPath ? readText(text.replace(/^~/, homedir())) : text;
  const { context } = options;
  const reached = { kubeconfig, ...(context === undefined ? {} : { context }) };
  parseKubeconfig(kubeconfig, context);
  return withOptions(connectionSchema.parse(reached), {
    namespace: options.namespace ?? "default",
    patchForce: options.enablePatchForce ?? false,
    upsert: options.upsertExistingObjects ?? false,
    mutableConfigMaps: options.enableConfigMapMutable ?? false,
    mutableSecrets: options.enableSecretMutable ?? false,
  });
}

/** By type token. */
const handlers = new Map<string, ResourceHandler<KubernetesConnection>>();

/** Pulumi's package for Kubernetes, and what stands in for its plugin: any kind of object, by server-side apply. */
export const kubernetesPackage: PulumiPackage<KubernetesConnection> = {
  name: "kubernetes",
  version: "4.34.2",
  config,
  configKeys: [
    "kubeconfig",
    "context",
    "clusterIdentifier",
    "enableServerSideApply",
    "enableConfigMapMutable",
    "enableSecretMutable",
  ],
  placeKeys: ["clusterIdentifier"],
  connection,
  handler(token) {
    const known = handlers.get(token);
    if (known !== undefined) return known;
    const type = objectTypeOf(token);
    if (type === undefined) return undefined;
    const handler = objectHandler(type);
    handlers.set(token, handler);
    return handler;
  },
};
