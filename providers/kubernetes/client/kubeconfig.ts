import { parse } from "yaml";
import { z } from "zod";
import { InputError, messageOf } from "../../../src/base/errors.ts";

/** One file or its content in base64, as kubeconfigs have it for certificates and keys. */
export interface Material {
  readonly data?: string;
  readonly file?: string;
}

/** What one context of a kubeconfig says. */
export interface KubeconfigContext {
  readonly name: string;
  /** Without a slash at its end. */
  readonly server: string;
  readonly authority: Material;
  readonly insecure: boolean;
  readonly serverName: string | undefined;
  readonly certificate: Material;
  readonly key: Material;
  readonly token: string | undefined;
  readonly tokenFile: string | undefined;
  readonly basic: { readonly username: string; readonly password: string } | undefined;
  readonly impersonate: { readonly user: string; readonly groups: readonly string[] } | undefined;
  /** Needs a program, an identity provider or a proxy to get in. */
  readonly assisted: boolean;
}

const text = z.string().exactOptional();
const clusterSchema = z.looseObject({
  server: z.url({ protocol: /^https?$/ }),
  "certificate-authority": text,
  "certificate-authority-data": text,
  "insecure-skip-tls-verify": z.boolean().exactOptional(),
  "tls-server-name": text,
  "proxy-url": text,
});
const userSchema = z.looseObject({
  "client-certificate": text,
  "client-certificate-data": text,
  "client-key": text,
  "client-key-data": text,
  token: text,
  tokenFile: text,
  username: text,
  password: text,
  as: text,
  "as-groups": z.array(z.string()).exactOptional(),
  exec: z.looseObject({ command: z.string() }).exactOptional(),
  "auth-provider": z.looseObject({ name: z.string() }).exactOptional(),
});
const configSchema = z.looseObject({
  "current-context": text,
  clusters: z.array(z.object({ name: z.string(), cluster: clusterSchema })).default([]),
  contexts: z
    .array(z.object({ name: z.string(), context: z.looseObject({ cluster: z.string(), user: z.string() }) }))
    .default([]),
  users: z.array(z.object({ name: z.string(), user: userSchema.nullish() })).default([]),
});

const flatten = "Make a self-contained one with `kubectl config view --minify --flatten --raw`.";

function bad(message: string, suggestion: string): InputError {
  return new InputError([{ code: "bad-kubeconfig", message, suggestion }]);
}

/** Whether nobody can listen on the way: by TLS, or on this machine. */
export function isPrivate(url: string): boolean {
  return url.startsWith("https:") || /^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(url).hostname);
}

function named<T extends { readonly name: string }>(items: readonly T[], name: string, what: string): T {
  const found = items.find((item) => item.name === name);
  if (found !== undefined) return found;
  const known = items.map((item) => item.name).join(", ") || "none";
  throw bad(`The kubeconfig has no ${what} '${name}'. It has: ${known}.`, flatten);
}

/** A file named from within a text has no folder that it could be relative to. */
function material(data: string | undefined, file: string | undefined, key: string): Material {
  if (data !== undefined) return { data };
  if (file === undefined || file === "") return {};
  if (!file.startsWith("/")) throw bad(`The kubeconfig's ${key} is the relative path '${file}'.`, flatten);
  return { file };
}

function parsed(source: string): z.output<typeof configSchema> {
  let value: unknown;
  try {
    value = parse(source);
  } catch (error) {
    // Its message quotes the line, which may be a token's.
    const [line] = messageOf(error).split(/ at |:\n/);
    throw bad(`The kubeconfig is not YAML: ${line}.`, flatten);
  }
  const result = configSchema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw bad(`The kubeconfig is wrong at ${issue?.path.join(".") || "its root"}: ${issue?.message}.`, flatten);
}

/**
 * Reads one context of a kubeconfig.
 * @throws InputError `bad-kubeconfig`
 */
export function parseKubeconfig(source: string, context?: string): KubeconfigContext {
  const config = parsed(source);
  const name = context ?? config["current-context"] ?? "";
  if (name === "") {
    const known = config.contexts.map((item) => item.name).join(", ") || "none";
    throw bad(
      `The kubeconfig has no current context. It has: ${known}.`,
      "Name one as the connection's `context`.",
    );
  }
  const chosen = named(config.contexts, name, "context").context;
  const { cluster } = named(config.clusters, chosen.cluster, "cluster");
  if (!isPrivate(cluster.server)) {
    throw bad(
      `The kubeconfig's server ${cluster.server} would get credentials over plain HTTP.`,
      "Use its https address.",
    );
  }
  const user = named(config.users, chosen.user, "user").user ?? {};
  const { username, password } = user;
  return {
    name,
    server: cluster.server.replace(/\/+$/, ""),
    authority: material(
      cluster["certificate-authority-data"],
      cluster["certificate-authority"],
      "certificate-authority",
    ),
    insecure: cluster["insecure-skip-tls-verify"] ?? false,
    serverName: cluster["tls-server-name"],
    certificate: material(user["client-certificate-data"], user["client-certificate"], "client-certificate"),
    key: material(user["client-key-data"], user["client-key"], "client-key"),
    token: user.token,
    tokenFile: user.tokenFile,
    basic: username === undefined ? undefined : { username, password: password ?? "" },
    impersonate: user.as === undefined ? undefined : { user: user.as, groups: user["as-groups"] ?? [] },
    assisted:
      user.exec !== undefined || user["auth-provider"] !== undefined || cluster["proxy-url"] !== undefined,
  };
}
