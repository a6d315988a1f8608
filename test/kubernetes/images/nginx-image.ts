import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../../../src/base/run.ts";
import { findProgram } from "../cluster/machine.ts";
import { systemLayer } from "./base.ts";
import { type Image, makeImage } from "./image.ts";
import { cachedLayer, putPrograms } from "./layer.ts";

/** As the usual image without root rights has it: all that is written goes to /tmp, sites come from conf.d. */
const configuration = `worker_processes 1;
pid /tmp/nginx.pid;
error_log stderr notice;
events { worker_connections 256; }
http {
  types { text/html html; }
  default_type application/octet-stream;
  access_log /dev/stdout;
  client_body_temp_path /tmp/client;
  proxy_temp_path /tmp/proxy;
  fastcgi_temp_path /tmp/fastcgi;
  uwsgi_temp_path /tmp/uwsgi;
  scgi_temp_path /tmp/scgi;
  include /etc/nginx/conf.d/*.conf;
}
`;

/** Calls `use` with nginx's program: this machine's own, or one out of Debian's package, which is not installed. */
async function withNginx(use: (program: string) => Promise<void>): Promise<void> {
  const own = await findProgram("nginx");
  if (own !== undefined) return await use(own);
  const folder = await mkdtemp(join(tmpdir(), "understudy-nginx-"));
  try {
    // apt fetches as a user of its own where it may.
    await run("apt-get", ["download", "-qq", "-o", "APT::Sandbox::User=root", "nginx"], { cwd: folder });
    const [deb] = (await readdir(folder)).filter((name) => name.endsWith(".deb"));
    await run("dpkg-deb", ["-x", join(folder, deb ?? "nginx.deb"), join(folder, "files")]);
    await use(join(folder, "files/usr/sbin/nginx"));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** nginx without root rights. */
export async function makeNginxImage(reference: string): Promise<Image> {
  const layer = await cachedLayer(`nginx 1 ${configuration}`, async (root) => {
    await withNginx((program) => putPrograms(root, [{ from: program, to: "/usr/bin/nginx" }]));
    await mkdir(join(root, "etc/nginx/conf.d"), { recursive: true });
    await writeFile(join(root, "etc/nginx/nginx.conf"), configuration);
    // Opened before the configuration is read, whatever that says.
    await mkdir(join(root, "var/log/nginx"), { recursive: true });
  });
  return await makeImage(reference, [await systemLayer(), layer], {
    Env: ["PATH=/usr/bin:/bin"],
    Entrypoint: ["/usr/bin/nginx", "-e", "stderr", "-c", "/etc/nginx/nginx.conf", "-g", "daemon off;"],
    User: "101:101",
  });
}
