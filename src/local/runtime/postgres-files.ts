import { chmod, chown, mkdir, mkdtemp, readlink, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readTextIfExists } from "../../base/file.ts";
import { run } from "../../base/run.ts";
import { commandAs, type ServiceUser } from "./service-user.ts";
import type { ServiceOptions } from "./services.ts";

/**
 * Removes the shared memory segment of a server that was killed: it is no file, and outlives its processes. The seventh
 * line of postmaster.pid begins with its key; a server that ended by itself leaves no such file.
 */
async function removeSharedMemory(home: string): Promise<void> {
  const lines = ((await readTextIfExists(join(home, "data", "postmaster.pid"))) ?? "").split("\n");
  const key = /^\s*(\d+)\s/.exec(lines[6] ?? "")?.[1];
  if (key !== undefined) await run("ipcrm", ["-M", key], { allowFailure: true }).catch(() => {});
}

/** What a killed server had started may write for a moment after its end. */
const removal = { recursive: true, force: true, maxRetries: 20, retryDelay: 100 } as const;

/** Removes what a server that doesn't run any more has kept, wherever it lies. */
export async function removePostgresFiles(folder: string): Promise<void> {
  const home = join(folder, "postgres");
  await removeSharedMemory(home);
  const elsewhere = await readlink(home).catch(() => undefined);
  if (elsewhere !== undefined) await rm(elsewhere, removal);
  await rm(home, removal);
}

/** Tried for real: `access` and what asks by it look past the capability that a user of ours may have. */
async function isReachable(
  folder: string,
  { children }: ServiceOptions,
  user: ServiceUser,
): Promise<boolean> {
  const probe = join(folder, "probe");
  const env = { PATH: process.env.PATH ?? "" };
  const child = children.spawn({ ...commandAs(user, "mkdir", [probe]), cwd: "/", env });
  const { exitCode } = await child.exited;
  await rm(probe, { recursive: true, force: true });
  return exitCode === 0;
}

/**
 * Makes the server's folder. Where its user can't reach it, since a folder above is closed to others, it lies in the
 * system's folder for temporary files and a link stands in its place.
 */
export async function makeHome(
  home: string,
  options: ServiceOptions,
  user: ServiceUser | undefined,
): Promise<void> {
  await mkdir(home, { recursive: true, mode: 0o700 });
  if (user === undefined) return;
  await chown(home, user.uid, user.gid);
  if (await isReachable(home, options, user)) return;
  await rm(home, { recursive: true });
  const elsewhere = await mkdtemp(join(tmpdir(), "understudy-postgres-"));
  await chown(elsewhere, user.uid, user.gid);
  await symlink(elsewhere, home);
}

/** A self-signed certificate, as Heroku's databases have; without openssl there is none, and connections are plain. */
export async function makeCertificate(data: string, address: string): Promise<boolean> {
  const [key, certificate] = [join(data, "server.key"), join(data, "server.crt")];
  const args = [
    "req",
    "-x509",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:prime256v1",
    "-nodes",
    "-days",
    "3650",
  ];
  const made = await run(
    "openssl",
    [
      ...args,
      "-subj",
      `/CN=${address}`,
      "-addext",
      `subjectAltName=IP:${address}`,
      "-keyout",
      key,
      "-out",
      certificate,
    ],
    { allowFailure: true },
  ).catch(() => undefined);
  if (made?.exitCode !== 0) return false;
  await chmod(key, 0o600);
  return true;
}
