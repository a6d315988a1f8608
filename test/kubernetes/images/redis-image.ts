import { UnderstudyError } from "../../../src/base/errors.ts";
import { run } from "../../../src/base/run.ts";
import { findProgram } from "../cluster/machine.ts";
import { systemLayer } from "./base.ts";
import { type Image, makeImage } from "./image.ts";
import { cachedLayer, putPrograms } from "./layer.ts";

/** Redis as this machine has it. Throws `service-missing`. */
export async function makeRedisImage(reference: string): Promise<Image> {
  const server = await findProgram("redis-server");
  if (server === undefined)
    throw new UnderstudyError("There is no redis-server on this machine.", { code: "service-missing" });
  const { stdout: version } = await run(server, ["--version"]);
  const layer = await cachedLayer(`${version} 1`, (root) =>
    putPrograms(root, [{ from: server, to: "/usr/bin/redis-server" }]),
  );
  return await makeImage(reference, [await systemLayer(), layer], {
    Env: ["PATH=/usr/bin:/bin", "LANG=C.UTF-8"],
    Entrypoint: ["/usr/bin/redis-server"],
    User: "999:999",
  });
}
