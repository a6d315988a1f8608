import { cp, mkdir, mkdtemp, readdir, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { run } from "../../../src/base/run.ts";
import { findPostgres } from "../../../src/local/runtime/postgres-binaries.ts";
import { systemLayer } from "./base.ts";
import { type Image, makeImage } from "./image.ts";
import { cachedLayer, type Layer, packLayer, putPrograms } from "./layer.ts";

const programs = ["postgres", "initdb", "pg_ctl", "pg_isready", "psql"];
const zones = "/usr/share/zoneinfo";

/** Takes the same variables as the usual image of PostgreSQL, and passes its arguments on to the server. */
const entrypoint = `#!/bin/sh
set -eu
socket=/var/run/postgresql
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  (
    umask 077
    printf '%s\\n' "$POSTGRES_PASSWORD" > /tmp/password
    initdb -D "$PGDATA" -U "$POSTGRES_USER" --pwfile=/tmp/password --auth-local=trust --auth-host=scram-sha-256 -E UTF8 --locale=C.UTF-8
    rm /tmp/password
    echo 'host all all all scram-sha-256' >> "$PGDATA/pg_hba.conf"
  )
  pg_ctl -D "$PGDATA" -w -o "-c listen_addresses='' -k $socket" start
  if [ "$POSTGRES_DB" != postgres ]; then
    psql -h "$socket" -U "$POSTGRES_USER" -d postgres -v ON_ERROR_STOP=1 -c "CREATE DATABASE \\"$POSTGRES_DB\\""
  fi
  pg_ctl -D "$PGDATA" -w -m fast stop
fi
exec postgres -D "$PGDATA" -c listen_addresses='*' -k "$socket" "$@"
`;

/** Programs, modules and shared files of the server. */
async function serverLayer(folder: string): Promise<Layer> {
  const config = async (what: string) => (await run(join(folder, "pg_config"), [what])).stdout.trim();
  const { stdout: version } = await run(join(folder, "postgres"), ["--version"]);
  return await cachedLayer(`${version} 1`, async (root) => {
    const [library, share] = await Promise.all([config("--pkglibdir"), config("--sharedir")]);
    // The compiler of queries alone is larger than all the rest.
    const modules = (await readdir(library)).filter((name) => name.endsWith(".so") && name !== "llvmjit.so");
    await putPrograms(root, [
      ...programs.map((name) => ({ from: join(folder, name) })),
      ...modules.map((name) => ({ from: join(library, name) })),
    ]);
    await cp(share, join(root, share), { recursive: true, verbatimSymlinks: true });
    await cp(zones, join(root, zones), { recursive: true }).catch(() => {});
  });
}

/** PostgreSQL as this machine has it. Throws `service-missing`. */
export async function makePostgresImage(reference: string): Promise<Image> {
  // On PATH there may be no more than links.
  const folder = dirname(await realpath(join(await findPostgres(), "postgres")));
  const work = await mkdtemp(join(tmpdir(), "understudy-postgres-image-"));
  try {
    await mkdir(join(work, "root/usr/bin"), { recursive: true });
    await writeFile(join(work, "root/usr/bin/entrypoint"), entrypoint, { mode: 0o755 });
    const start = await packLayer(join(work, "root"), join(work, "start.tar"));
    return await makeImage(reference, [await systemLayer(), await serverLayer(folder), start], {
      Env: [`PATH=${folder}:/usr/bin:/bin`, "LANG=C.UTF-8", "PGDATA=/var/lib/postgresql/data"],
      Entrypoint: ["/usr/bin/entrypoint"],
      User: "999:999",
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
