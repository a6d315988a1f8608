import { readFile } from "node:fs/promises";
import { z } from "zod";
import type { App } from "../../app/schema.ts";
import { InputError } from "../../base/errors.ts";
import type { JsonObject } from "../../base/json.ts";
import type { MirrorPlace } from "./mirror.ts";

/** A cluster that the demo may use, as `script/kubernetes up --json` prints it. */
const clusterSchema = z.object({
  /** Path of its kubeconfig. */
  kubeconfig: z.string(),
  /** Where its ingress controller takes requests. */
  ingress: z.object({ address: z.string(), port: z.number() }),
  ingressClass: z.string(),
  /** Builds an image of a source and brings it to the cluster, as the builder `command` of a site's settings does. */
  builder: z.array(z.string()).nonempty(),
  /** Images that the cluster has already, by what they are. */
  images: z.object({ postgres: z.string(), redis: z.string(), maintenance: z.string() }),
  storageClass: z.string(),
});
type Cluster = z.output<typeof clusterSchema>;

async function readCluster(file: string | undefined): Promise<Cluster> {
  if (file === undefined) {
    throw new InputError([
      {
        code: "no-cluster",
        message: "A mirror on Kubernetes needs a cluster, and --cluster names none.",
        suggestion: "In the repository, script/demo --mirror kubernetes brings one up.",
      },
    ]);
  }
  const parsed = clusterSchema.safeParse(JSON.parse(await readFile(file, "utf8")));
  if (parsed.success) return parsed.data;
  throw new InputError(
    parsed.error.issues.map((issue) => ({
      code: "bad-cluster",
      file,
      path: issue.path.join("."),
      message: issue.message,
      suggestion: "Make it anew: script/kubernetes up --json",
    })),
  );
}

/** A service whose image the cluster has runs in the cluster. */
function servicesOf({ services }: App, images: Readonly<Record<string, string>>): JsonObject {
  return Object.fromEntries(
    Object.entries(services).flatMap(([name, { type }]) => {
      const image = images[type];
      return image === undefined ? [] : [[name, { from: "trial", image }]];
    }),
  );
}

/** A cluster that is up already, as a file tells. Throws `no-cluster` and `bad-cluster`. */
export async function kubernetesCluster(file: string | undefined): Promise<MirrorPlace> {
  const { kubeconfig, ingress, ingressClass, builder, images, storageClass } = await readCluster(file);
  const access = await readFile(kubeconfig, "utf8");
  return {
    platform: "kubernetes",
    title: "Kubernetes",
    what: "a Kubernetes cluster",
    outlives: true,
    truth:
      "Kubernetes: a real API server, scheduler and kubelet with real pods, Postgres and Redis among them",
    parts: ["heroku", "dns"],
    port: ingress.port,
    entrance: () => ingress,
    settings: (_local, app) => [
      [
        "settings",
        {
          exposure: { kind: "ingress", className: ingressClass },
          image: { registry: "demo.test", builder: "command", command: builder },
          services: servicesOf(app, images),
          maintenanceImage: images.maintenance,
          storageClass,
          entrance: ingress,
          traffic: { type: "A", values: [ingress.address] },
        },
      ],
      ["connection.kubeconfig", { secret: access }],
    ],
  };
}
