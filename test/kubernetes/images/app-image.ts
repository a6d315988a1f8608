import { cp, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { UnderstudyError } from "../../../src/base/errors.ts";
import { planBuild } from "../../../src/local/runtime/buildpack.ts";
import { buildEnv } from "../../../src/local/runtime/environment.ts";
import { nodeLayer, systemLayer } from "./base.ts";
import { type Image, makeImage } from "./image.ts";
import { packLayer } from "./layer.ts";

/** In the image: where the app is. */
const home = "/app";

async function build(source: string, say: (line: string) => void): Promise<Readonly<Record<string, string>>> {
  const plan = await planBuild(source);
  say(plan.reason);
  for (const { command, args } of plan.steps) {
    const shown = [command, ...args].join(" ");
    say(`$ ${shown}`);
    const child = execa(command, [...args], {
      cwd: source,
      env: buildEnv({}),
      extendEnv: false,
      all: true,
      reject: false,
      buffer: false,
    });
    for await (const line of child.iterable({ from: "all" })) say(line);
    const { exitCode } = await child;
    if (exitCode !== 0)
      throw new UnderstudyError(`'${shown}' ended with ${exitCode}.`, { code: "build-failed" });
  }
  return plan.processTypes;
}

/** Builds an app as the local platforms do, and makes an image of it that any user id can run, with nothing to write to. */
export async function makeAppImage(
  source: string,
  reference: string,
  say: (line: string) => void,
): Promise<Image> {
  const work = await mkdtemp(join(tmpdir(), "understudy-app-image-"));
  try {
    const root = join(work, "root");
    await mkdir(root);
    await cp(source, join(root, home), { recursive: true, verbatimSymlinks: true });
    const { web } = await build(join(root, home), say);
    await execa("chmod", ["-R", "a+rX", root]);
    const layers = [await systemLayer(), await nodeLayer(), await packLayer(root, join(work, "app.tar"))];
    return await makeImage(reference, layers, {
      Env: [
        `PATH=${home}/node_modules/.bin:/usr/bin:/bin`,
        "NODE_ENV=production",
        "HOME=/tmp",
        "LANG=C.UTF-8",
      ],
      ...(web === undefined ? {} : { Cmd: ["/bin/sh", "-c", web] }),
      WorkingDir: home,
      User: "1000:1000",
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
