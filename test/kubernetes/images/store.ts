import { setTimeout as delay } from "node:timers/promises";
import { execa } from "execa";
import { UnderstudyError } from "../../../src/base/errors.ts";
import { run } from "../../../src/base/run.ts";
import type { Image } from "./image.ts";

const limitMs = 120_000;

/** The repository of a reference: without tag and digest; a registry's port is no tag. */
function repositoryOf(reference: string): string {
  const [name = ""] = reference.split("@");
  return name.replace(/:[^/:]+$/, "");
}

/** Puts images straight into a node's containerd, where pods find them without a registry. */
export class ImageStore {
  readonly #ctr: readonly string[];

  constructor(socket: string) {
    this.#ctr = ["--address", socket, "--namespace", "k8s.io", "images"];
  }

  /** Known afterwards under its reference and as `repository@digest`, which is given back. */
  async add(image: Image): Promise<string> {
    // The reader may hang up before the padding at the archive's end, and would not take one that is cut short.
    const packing = execa("tar", ["-cf", "-", "-C", image.folder, "."], {
      encoding: "buffer",
      buffer: false,
      reject: false,
    });
    const taken = await packing.pipe("ctr", [...this.#ctr, "import", "--all-platforms", "-"], {
      reject: false,
    });
    if (taken.exitCode !== 0)
      throw new UnderstudyError(`containerd did not take ${image.reference}: ${String(taken.stderr)}`, {
        code: "image-refused",
      });
    const byDigest = `${repositoryOf(image.reference)}@${image.digest}`;
    await run("ctr", [...this.#ctr, "tag", "--force", image.reference, byDigest]);
    await this.#known(image.reference);
    await this.#known(byDigest);
    return byDigest;
  }

  /** The kubelet's side hears of an image a moment later; a pod that came before would try to pull it. */
  async #known(reference: string): Promise<void> {
    const end = performance.now() + limitMs;
    for (;;) {
      const { stdout } = await run("ctr", [...this.#ctr, "list", `name==${reference}`]);
      if (stdout.includes("io.cri-containerd.image=managed")) return;
      if (performance.now() > end)
        throw new UnderstudyError(`After ${limitMs / 1000} s the node doesn't know ${reference}.`, {
          code: "image-refused",
        });
      await delay(20);
    }
  }
}
