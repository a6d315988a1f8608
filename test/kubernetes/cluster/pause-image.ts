import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { makeImage } from "../images/image.ts";
import { cachedLayer } from "../images/layer.ts";
import { ImageStore } from "../images/store.ts";
import { pauseImage } from "./config.ts";
import { kubernetesVersion } from "./versions.ts";

/** Gives the node the image that its pods begin with. `binary` waits until it is told to end. */
export async function importPause(socket: string, binary: string): Promise<void> {
  const layer = await cachedLayer(`pause ${kubernetesVersion}`, (root) =>
    copyFile(binary, join(root, "pause")),
  );
  const image = await makeImage(pauseImage, [layer], { Entrypoint: ["/pause"], User: "65535:65535" });
  try {
    await new ImageStore(socket).add(image);
  } finally {
    await image.remove();
  }
}
