import { createHash, randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { copyFile, mkdir, readFile, realpath, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { readTextIfExists, writeFileAtomic } from "../../../src/base/file.ts";
import { run } from "../../../src/base/run.ts";
import { cacheRoot } from "../cluster/place.ts";

/** A layer of an image: an uncompressed tar, so that its digest is its content's. */
export interface Layer {
  readonly path: string;
  /** `sha256:...` */
  readonly digest: string;
  readonly size: number;
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return `sha256:${hash.digest("hex")}`;
}

/** Packs a folder: equal content gives an equal layer. `path` is where the tar goes. */
export async function packLayer(folder: string, path: string): Promise<Layer> {
  const stable = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner", "--format=posix"];
  const plain = "--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime";
  await run("tar", [...stable, plain, "-cf", path, "-C", folder, "."]);
  return { path, digest: await digestOf(path), size: (await stat(path)).size };
}

/** A layer made once for each `key`, kept beside the binaries; `fill` puts its files into an empty folder. */
export async function cachedLayer(key: string, fill: (folder: string) => Promise<void>): Promise<Layer> {
  const name = createHash("sha256").update(key).digest("hex").slice(0, 32);
  const place = join(cacheRoot, "layers", name);
  const known = await readTextIfExists(join(place, "layer.json"));
  if (known !== undefined)
    return { ...(JSON.parse(known) as Omit<Layer, "path">), path: join(place, "layer.tar") };
  const made = join(cacheRoot, "layers", `.${randomUUID()}.tmp`);
  try {
    await mkdir(join(made, "root"), { recursive: true });
    await fill(join(made, "root"));
    const { digest, size } = await packLayer(join(made, "root"), join(made, "layer.tar"));
    await rm(join(made, "root"), { recursive: true });
    await writeFileAtomic(join(made, "layer.json"), JSON.stringify({ digest, size }));
    // Another process may have made the same meanwhile.
    await rename(made, place).catch(() => {});
  } finally {
    await rm(made, { recursive: true, force: true });
  }
  return await cachedLayer(key, fill);
}

/** Shared libraries that a program is linked with, its loader among them. */
async function librariesOf(program: string): Promise<readonly string[]> {
  const { stdout } = await run("ldd", [program], { allowFailure: true });
  return [...stdout.matchAll(/(?:=> |^\s*)(\/\S+) \(0x/gm)].map(([, path]) => path as string);
}

/** In the image `/bin`, `/lib` and `/lib64` are links into `/usr`, as Debian has them. */
const merged = (path: string) => path.replace(/^\/(bin|sbin|lib|lib64)\//, "/usr/$1/");

/** Puts a copy of a file of this machine at its own path, or another one, in an image's folder. */
async function putFile(folder: string, from: string, to = from): Promise<void> {
  const target = join(folder, merged(to));
  await mkdir(dirname(target), { recursive: true });
  await copyFile(await realpath(from), target);
}

/** Puts programs of this machine, with the libraries that they need, into an image's folder. */
export async function putPrograms(
  folder: string,
  programs: readonly { readonly from: string; readonly to?: string }[],
): Promise<void> {
  const libraries = new Set<string>();
  for (const { from, to } of programs) {
    await putFile(folder, from, to);
    for (const library of await librariesOf(await realpath(from))) libraries.add(library);
  }
  for (const library of libraries) await putFile(folder, library);
}

/** The bare bones of a root: folders, links, users. Nothing in it runs as root. */
export async function putSkeleton(folder: string): Promise<void> {
  for (const name of ["usr/bin", "usr/sbin", "usr/lib", "usr/lib64", "etc", "home/app", "app"])
    await mkdir(join(folder, name), { recursive: true });
  await mkdir(join(folder, "tmp"), { recursive: true });
  await run("chmod", ["1777", join(folder, "tmp")]);
  for (const name of ["bin", "sbin", "lib", "lib64"]) await symlink(`usr/${name}`, join(folder, name));
  const users = [
    "root:x:0:0::/root:/bin/sh",
    "service:x:999:999::/tmp:/bin/sh",
    "app:x:1000:1000::/home/app:/bin/sh",
  ];
  await writeFile(join(folder, "etc/passwd"), `${users.join("\n")}\nnobody:x:65534:65534::/:/bin/sh\n`);
  await writeFile(join(folder, "etc/group"), "root:x:0:\nservice:x:999:\napp:x:1000:\nnogroup:x:65534:\n");
  await writeFile(join(folder, "etc/nsswitch.conf"), "passwd: files\ngroup: files\nhosts: files dns\n");
  const authorities = await readFile("/etc/ssl/certs/ca-certificates.crt").catch(() => undefined);
  if (authorities === undefined) return;
  await mkdir(join(folder, "etc/ssl/certs"), { recursive: true });
  await writeFile(join(folder, "etc/ssl/certs/ca-certificates.crt"), authorities);
}
