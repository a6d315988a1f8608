import { writeFile } from "node:fs/promises";
import { messageOf } from "../../src/base/errors.ts";
import { makeAppImage } from "./images/app-image.ts";
import { ImageStore } from "./images/store.ts";

// Builds an image from source and puts it straight into a node: the `command` builder of the tests and the demo.
// Usage: node image-builder.ts CONTAINERD_SOCKET, with UNDERSTUDY_SOURCE, UNDERSTUDY_IMAGE, UNDERSTUDY_DIGEST_FILE set.

const say = (line: string) => void process.stdout.write(`${line}\n`);

function needed(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === "") throw new Error(`${name} is not set.`);
  return value;
}

try {
  const [socket] = process.argv.slice(2);
  if (socket === undefined) throw new Error("Usage: node image-builder.ts CONTAINERD_SOCKET");
  const [source, reference] = [needed("UNDERSTUDY_SOURCE"), needed("UNDERSTUDY_IMAGE")];
  const image = await makeAppImage(source, reference, say);
  try {
    say(await new ImageStore(socket).add(image));
    await writeFile(needed("UNDERSTUDY_DIGEST_FILE"), `${image.digest}\n`);
  } finally {
    await image.remove();
  }
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 1;
}
