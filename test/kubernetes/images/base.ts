import { cp, stat } from "node:fs/promises";
import { join } from "node:path";
import { findProgram } from "../cluster/machine.ts";
import { cachedLayer, type Layer, putPrograms, putSkeleton } from "./layer.ts";

/** Commands that an app's lines may use, as any small base image has them. */
const tools =
  "bash basename cat chmod cp cut date dirname echo env expr false find grep head hostname id kill ln ls mkdir mktemp mv printenv printf pwd readlink rm rmdir sed seq sha256sum sleep sort stat tail tar tee test touch tr true uname uniq wc whoami xargs".split(
    " ",
  );

/** Raise it when what these layers hold changes. */
const edition = 2;

/** A shell, the usual tools and a user, from this machine's own files. */
export async function systemLayer(): Promise<Layer> {
  const found = await Promise.all(tools.map(async (name) => await findProgram(name)));
  const programs = found.filter((path) => path !== undefined).map((from) => ({ from }));
  return await cachedLayer(`system ${edition}`, async (root) => {
    await putSkeleton(root);
    // The one locale that every program may count on.
    const locale = "/usr/lib/locale/C.utf8";
    await cp(locale, join(root, locale), { recursive: true }).catch(() => {});
    // Whatever this machine's /bin/sh is.
    await putPrograms(root, [{ from: "/bin/sh", to: "/usr/bin/sh" }, ...programs]);
  });
}

/** Node.js as it runs now. */
export async function nodeLayer(): Promise<Layer> {
  const { size, mtimeMs } = await stat(process.execPath);
  return await cachedLayer(`node ${process.version} ${size} ${mtimeMs} ${edition}`, async (root) => {
    await putPrograms(root, [{ from: process.execPath, to: "/usr/bin/node" }]);
  });
}
