import { chmod, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Api } from "./api.ts";
import { type Claim, paths, storageClass, storageProvisioner, type Volume } from "./objects.ts";

/** The volume for a claim: a folder of the node. */
function volumeFor({ metadata, spec }: Claim, node: string, folder: string): object {
  const { name, namespace, uid } = metadata;
  return {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: {
      name: `pvc-${uid}`,
      annotations: { "pv.kubernetes.io/provisioned-by": storageProvisioner },
    },
    spec: {
      storageClassName: storageClass,
      capacity: spec.resources.requests,
      accessModes: spec.accessModes,
      // Removing the folder is ours.
      persistentVolumeReclaimPolicy: "Retain",
      claimRef: { apiVersion: "v1", kind: "PersistentVolumeClaim", name, namespace, uid },
      local: { path: join(folder, uid) },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [
            { matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values: [node] }] },
          ],
        },
      },
    },
  };
}

/** Gives each claim of the class a volume, and removes a volume with its claim. */
export class VolumeKeeper {
  readonly #api: Api;
  readonly #node: string;
  readonly #folder: string;
  #work = Promise.resolve();

  constructor(api: Api, node: string, folder: string) {
    this.#api = api;
    this.#node = node;
    this.#folder = folder;
  }

  /** One change after the other; each is safe to repeat. */
  changed(claims: Iterable<Claim>, volumes: Iterable<Volume>): void {
    const [waiting, released] = [
      [...claims].filter(
        ({ spec }) => spec.storageClassName === storageClass && spec.volumeName === undefined,
      ),
      [...volumes].filter(
        ({ spec, status }) => spec.storageClassName === storageClass && status?.phase === "Released",
      ),
    ];
    this.#work = this.#work
      .then(async () => {
        for (const claim of waiting) await this.#provide(claim);
        for (const volume of released) await this.#remove(volume);
      })
      .catch((error: unknown) => void process.stderr.write(`volumes: ${String(error)}\n`));
  }

  async #provide(claim: Claim): Promise<void> {
    const path = join(this.#folder, claim.metadata.uid);
    await mkdir(path, { recursive: true });
    // Whoever its pod runs as.
    await chmod(path, 0o777);
    await this.#api.create(paths.volumes, volumeFor(claim, this.#node, this.#folder));
  }

  async #remove({ metadata, spec }: Volume): Promise<void> {
    if (spec.local !== undefined) await rm(spec.local.path, { recursive: true, force: true });
    await this.#api.delete(`${paths.volumes}/${metadata.name}`);
  }
}
