import { z } from "zod";
import { entranceSchema } from "../../src/platform/entrance.ts";

const label = z
  .string()
  .regex(
    /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/,
    "must be lower-case letters, digits and -, starting with a letter, e.g. guestbook",
  );
const objectName = z
  .string()
  .max(253)
  .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, "must be a name of a Kubernetes object, e.g. letsencrypt");
const quantity = z.string().regex(/^[1-9]\d*(Mi|Gi|Ti)$/, "must be a size such as 500Mi or 10Gi");
const imageName = z.string().min(1).describe("Name of an image, best by digest.");
const absolutePath = z.string().regex(/^\/[^:]+$/, "must be an absolute path, e.g. /workspace/tmp");
const annotations = z.record(z.string(), z.string()).exactOptional();

/** Users come in by an Ingress. */
const ingressExposure = z.strictObject({
  kind: z.literal("ingress"),
  className: objectName.exactOptional().describe("Default: the cluster's default class."),
  annotations: annotations.describe("What this cluster's ingress controller wants besides."),
});

/** Users come in by a Gateway that is there already, through an HTTPRoute. */
export const gatewayExposure = z.strictObject({
  kind: z.literal("gateway"),
  name: objectName.describe("The Gateway's name."),
  namespace: label.exactOptional().describe("Default: the site's own."),
});

/** Users come in by a load balancer of the process' own, which terminates no TLS by itself. */
export const serviceExposure = z.strictObject({
  kind: z.literal("service"),
  annotations: annotations.describe("What this cloud's load balancers want besides."),
});

/** Users come in by an OpenShift Route for each domain. */
export const routeExposure = z.strictObject({ kind: z.literal("route"), annotations });

const anyExposure = z.discriminatedUnion("kind", [
  ingressExposure,
  gatewayExposure,
  serviceExposure,
  routeExposure,
]);
/** How users come in. */
export type Exposure = z.output<typeof anyExposure>;

const imageSettings = z
  .strictObject({
    registry: z
      .string()
      .min(1)
      .exactOptional()
      .describe("Where images built from source are pushed, e.g. registry.example.com/team."),
    builder: z
      .enum(["pack", "docker", "podman", "buildah", "command"])
      .exactOptional()
      .describe("Default: what is on the machine and can build this app."),
    command: z.array(z.string()).nonempty().exactOptional().describe("The command of the builder `command`."),
    cnbBuilder: z.string().exactOptional().describe("Builder image for buildpacks."),
    pullPolicy: z.enum(["Always", "IfNotPresent", "Never"]).exactOptional(),
    pullSecret: objectName.exactOptional().describe("A Secret in the namespace that lets nodes pull."),
  })
  .refine((image) => (image.builder === "command") === (image.command !== undefined), {
    path: ["command"],
    message: "the builder `command` needs a command, and no other builder takes one",
  });

const exposed = z
  .boolean()
  .default(false)
  .describe("Whether a load balancer makes it reachable from outside the cluster, for links.");

const serviceSettings = z.discriminatedUnion("from", [
  z.strictObject({ from: z.literal("external") }),
  z.strictObject({
    from: z.literal("cloudnative-pg"),
    instances: z.int().min(1).default(2),
    storage: quantity.default("10Gi"),
    exposed,
  }),
  z.strictObject({
    from: z.literal("trial"),
    storage: quantity.default("1Gi"),
    image: imageName.exactOptional(),
    exposed,
  }),
]);
/** Where a backing service comes from. */
export type ServiceSettings = z.output<typeof serviceSettings>;

/** All settings but those whose default or choice differs between Kubernetes and its distributions. */
export const commonSettings = {
  namespace: label.exactOptional().describe("Default: the app's name."),
  app: label
    .max(40, "must be 40 characters at most: names of objects begin with it")
    .exactOptional()
    .describe("What names of objects begin with. Default: the app's name."),
  tls: z
    .strictObject({
      issuer: objectName,
      kind: z.enum(["ClusterIssuer", "Issuer"]).default("ClusterIssuer"),
    })
    .exactOptional()
    .describe("An issuer of cert-manager. By DNS-01, or a standby's certificate runs out."),
  traffic: z
    .strictObject({ type: z.enum(["A", "AAAA", "CNAME"]), values: z.array(z.string()).nonempty() })
    .exactOptional()
    .describe("What DNS must say to reach the cluster. Default: what the entrance's status says."),
  entrance: entranceSchema
    .exactOptional()
    .describe("Where health is asked, past DNS. Default: where the entrance's status says."),
  image: imageSettings.exactOptional(),
  services: z
    .record(z.string(), serviceSettings)
    .default({})
    .describe("By service. Default: trial for postgres and redis, external for any other."),
  maintenanceImage: imageName.default("docker.io/nginxinc/nginx-unprivileged:1.29-alpine"),
  maintenanceWarm: z
    .boolean()
    .default(true)
    .describe("Whether the page has an instance at all times, so that it needs no image on the day."),
  networkPolicy: z.boolean().default(true),
  ingressNamespaces: z
    .array(label)
    .default([])
    .describe("Who may reach public processes from inside the cluster. Default: anyone."),
  storageClass: objectName.exactOptional(),
  topologySpread: z.boolean().default(true),
  drainSeconds: z
    .int()
    .min(0)
    .max(300)
    .default(5)
    .describe("How long a stopping instance still serves, until all routers know."),
  readOnlyRoot: z.boolean().default(true),
  writable: z
    .array(absolutePath)
    .default([])
    .describe("Folders that the app writes to, besides /tmp. They start empty."),
  runAsUser: z
    .int()
    .min(1)
    .exactOptional()
    .describe("User id. Default: 1000 for images that are not made by buildpacks, else the image's own."),
} as const;

/** Where on a Kubernetes cluster a site stands. Nothing here is secret. */
export const settingsSchema = z.strictObject({
  ...commonSettings,
  createNamespace: z.boolean().default(true),
  exposure: z
    .discriminatedUnion("kind", [ingressExposure, gatewayExposure, serviceExposure])
    .default({ kind: "ingress" }),
});

/** Checked settings of a site on Kubernetes or one of its distributions. */
export type Settings = Omit<z.output<typeof settingsSchema>, "exposure"> & { readonly exposure: Exposure };
