import { stringify } from "yaml";
import { isJsonObject, type Json, sortKeys } from "../../../src/base/json.ts";
import type { Artifact, InputValue, RenderedResource } from "../../../src/platform/contract.ts";
import { envObject, recommendedLabels } from "../names.ts";
import { trialSecrets } from "./backing.ts";
import { envResource, envVersion, secretNames } from "./config.ts";
import { drainArtifact } from "./drains.ts";
import { isBuilt } from "./image.ts";
import { asKubeResource, type KubeResource } from "./kube.ts";
import { pulumiPrefix } from "./object.ts";
import type { Site } from "./site.ts";
import type { TrialSecret } from "./trial.ts";

const secretsFile = "secrets.env";
/** What a release Job leaves behind is gone after so many seconds, so that the next one can have its name. */
const jobLife = 600;

function yaml(value: unknown): string {
  return stringify(sortKeys(value), { lineWidth: 0, aliasDuplicateObjects: false });
}

/** An object without what only Pulumi can tell: references, and what is said to Pulumi alone. */
function plain(value: InputValue, image: string): Json {
  if (Array.isArray(value)) return value.map((item: InputValue) => plain(item, image));
  if (!isJsonObject(value)) return value as Json;
  // All that is left to refer to is the image: values of secrets are not written.
  if ("$output" in value || "$secret" in value) return image;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !key.startsWith(pulumiPrefix) && key !== envVersion)
      .map(([key, item]) => [key, plain(item, image)]),
  );
}

function withoutEmpty(metadata: Json | undefined): Json | undefined {
  if (!isJsonObject(metadata) || !isJsonObject(metadata.annotations)) return metadata;
  const { annotations, ...rest } = metadata;
  return Object.keys(annotations).length === 0 ? rest : metadata;
}

/** Kinds that need a word, and it. */
const remarks: Readonly<Record<string, string>> = {
  Job: `# A Job can't be changed, so it goes ${jobLife} s after its end. To run it sooner, delete it first.\n`,
};

function fileOf(site: Site, { name, inputs }: KubeResource): Artifact {
  const object = plain(inputs, site.app.name);
  const { metadata, spec, ...rest } = object as { readonly [key: string]: Json };
  const life = inputs.kind === "Job" ? { ttlSecondsAfterFinished: jobLife } : {};
  const content = yaml({
    ...rest,
    metadata: withoutEmpty(metadata),
    ...(isJsonObject(spec) ? { spec: { ...spec, ...life } } : {}),
  });
  return { path: `${name}.yaml`, content: (remarks[inputs.kind] ?? "") + content };
}

/** The owner's part: which secrets there are, without their values. */
function secretsExample(site: Site): string {
  const { app } = site;
  const lines = secretNames(site).map((name) => {
    const secret = app.secrets[name];
    const remark =
      secret === undefined
        ? "URL of a service outside the cluster"
        : [
            secret.description,
            secret.generate ? "random, the same on all sites" : undefined,
            secret.required ? undefined : "optional",
          ]
            .filter((part) => part !== undefined)
            .join("; ");
    return `${remark === "" ? "" : `# ${remark.replaceAll(/\s+/g, " ").replaceAll(".;", ";")}\n`}${name}=\n`;
  });
  return lines.join("");
}

function trialExample({ username, database, url }: TrialSecret): string {
  return `# Choose a password, and put it into the URL as well.\nusername=${username}\npassword=\ndatabase=${database}\nurl=${url}\n`;
}

interface Generated {
  /** Name of the Secret. */
  readonly name: string;
  /** File that it is made from, and what the owner starts with. */
  readonly file: string;
  readonly example: string;
}

/** Secrets that kustomize makes from files that the owner fills in. */
function generatedSecrets(site: Site): readonly Generated[] {
  const { app, settings } = site;
  const own =
    secretNames(site).length === 0
      ? []
      : [{ name: envObject(app, settings), file: secretsFile, example: secretsExample(site) }];
  const trials = trialSecrets(site).map((secret) => ({
    name: secret.object,
    file: `service-${secret.service}.env`,
    example: trialExample(secret),
  }));
  return [...own, ...trials];
}

function kustomization(site: Site, files: readonly Artifact[], secrets: readonly Generated[]): Artifact {
  const { app, settings, namespace } = site;
  const registry = settings.image?.registry ?? "registry.example.com/team";
  const images = isBuilt(site)
    ? [{ name: app.name, newName: `${registry}/${app.name}`, newTag: "latest" }]
    : undefined;
  const steps = [
    ...secrets.map(({ file }) => `cp ${file}.example ${file}   # and fill it in; never commit it`),
    ...(images === undefined ? [] : ["# build and push the image, and name it below, best by digest"]),
    ...(settings.createNamespace ? [] : [`# the namespace ${namespace} has to be there`]),
    "kubectl apply -k .",
  ];
  const head = `# To run this app by hand:\n${steps.map((step) => `#   ${step.replace(/^# /, "")}\n`).join("")}`;
  const content = yaml({
    apiVersion: "kustomize.config.k8s.io/v1beta1",
    kind: "Kustomization",
    namespace,
    resources: files.map(({ path }) => path),
    ...(images === undefined ? {} : { images }),
    ...(secrets.length === 0
      ? {}
      : {
          generatorOptions: { disableNameSuffixHash: true, labels: recommendedLabels(app, settings) },
          secretGenerator: secrets.map(({ name, file }) => ({ name, envs: [file] })),
        }),
  });
  return { path: "kustomization.yaml", content: head + content };
}

/** A site as kustomize and kubectl take it: one file an object. Secrets are made from files that the owner fills in. */
export function renderArtifacts(site: Site, resources: readonly RenderedResource[]): readonly Artifact[] {
  const secrets = generatedSecrets(site);
  const isGenerated = secretNames(site).length > 0;
  const files = resources
    .map(asKubeResource)
    .filter((resource) => resource !== undefined)
    .filter(({ name }) => !(isGenerated && name === envResource))
    .map((resource) => fileOf(site, resource))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const others = [
    kustomization(site, files, secrets),
    ...secrets.map(({ file, example }) => ({ path: `${file}.example`, content: example })),
    ...(secrets.length === 0 ? [] : [{ path: ".gitignore", content: "*.env\n" }]),
    ...drainArtifact(site),
  ];
  return [...files, ...others].toSorted((a, b) => (a.path < b.path ? -1 : 1));
}
