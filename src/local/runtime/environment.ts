import { delimiter, dirname, join } from "node:path";
import { pythonPackages } from "./buildpack.ts";
import type { Env, Slug } from "./contract.ts";
import type { InstanceFolder } from "./instance-folder.ts";

const ownPath = [dirname(process.execPath), process.env.PATH ?? "/usr/bin:/bin"].join(delimiter);
const language = process.env.LANG ?? "C.UTF-8";

/** What of our own environment package managers need to reach their registries the way this machine's user does. */
const forPackageManagers =
  /^(HOME|USER|TMPDIR|(https?|no|all)_proxy|npm_config_.*|PIP_.*|UV_.*|SSL_CERT_.*|NODE_EXTRA_CA_CERTS|XDG_.*)$/i;

/** For the steps of a build: the app's values and the way to the registries, nothing else of ours. */
export function buildEnv(app: Env): Env {
  const own = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && forPackageManagers.test(entry[0]),
  );
  return { LANG: language, ...Object.fromEntries(own), NODE_ENV: "production", ...app, PATH: ownPath };
}

/** What the platforms' buildpacks set for a language. */
function languageEnv(buildpack: string, packages: string): Env {
  if (buildpack === "heroku/nodejs") return { NODE_ENV: "production" };
  if (buildpack === "heroku/python") return { PYTHONPATH: packages, PYTHONUNBUFFERED: "1" };
  return {};
}

/**
 * For a running instance: the app's values over a bare base. Of our own environment only PATH and LANG come through.
 * HOST is there so that an app that lets its surroundings say where to listen stays on the loopback.
 */
export function instanceEnv(slug: Slug, folder: InstanceFolder, app: Env): Env {
  const packages = join(folder.home, pythonPackages);
  const path = [join(folder.home, "node_modules", ".bin"), join(packages, "bin"), ownPath].join(delimiter);
  return {
    PATH: path,
    LANG: language,
    HOST: "127.0.0.1",
    ...languageEnv(slug.buildpack, packages),
    ...app,
    HOME: folder.home,
    PWD: folder.home,
    TMPDIR: folder.temporary,
  };
}
