import type { Agent as HttpsAgent, RequestOptions } from "node:https";
import type { KubeConfig } from "@kubernetes/client-node";
import { messageOf, RetryableError, UnderstudyError } from "../../../src/base/errors.ts";
import { type Access, type Agent, agentFor, type Entry, impersonation, tlsOf } from "./entry.ts";
import type { KubeconfigContext } from "./kubeconfig.ts";

/** Longest time for a program or an identity provider to give credentials. */
const credentialsMs = 30_000;

/** A program of the kubeconfig's is told what is asked of it, as kubectl tells it. */
function describeExec(config: KubeConfig): void {
  for (const { exec } of config.users) {
    if (exec === undefined || exec === null) continue;
    const info = { apiVersion: exec.apiVersion, kind: "ExecCredential", spec: { interactive: false } };
    exec.env = [...(exec.env ?? []), { name: "KUBERNETES_EXEC_INFO", value: JSON.stringify(info) }];
  }
}

/** The library costs a second and 70 MB: it is loaded where it is needed. */
async function load(source: string, context: KubeconfigContext): Promise<KubeConfig> {
  const { KubeConfig } = await import("@kubernetes/client-node");
  const config = new KubeConfig();
  config.loadFromString(source);
  config.setCurrentContext(context.name);
  // It asks for this where there is no TLS to verify.
  if (context.server.startsWith("http:")) {
    config.clusters = config.clusters.map((cluster) => ({ ...cluster, skipTLSVerify: true }));
  }
  describeExec(config);
  return config;
}

function unavailable(context: KubeconfigContext, error: unknown): UnderstudyError {
  const lines = messageOf(error).trim().split("\n").slice(-5).join("\n");
  return new UnderstudyError(`Context '${context.name}' of the kubeconfig gave no credentials: ${lines}`, {
    code: "credentials-unavailable",
    cause: error,
    suggestion:
      "Log in to its provider on this machine, or use a kubeconfig with a service account's token, which a cutover can do without the provider.",
  });
}

async function withinTime<T>(work: Promise<T>, context: KubeconfigContext): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const message = `Context '${context.name}' of the kubeconfig gave no credentials within ${credentialsMs / 1000} s.`;
      reject(new RetryableError(message, { code: "credentials-unavailable" }));
    }, credentialsMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function headersOf(options: RequestOptions): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers ?? {}))
    headers[name.toLowerCase()] = String(value);
  if (typeof options.auth === "string")
    headers.authorization = `Basic ${Buffer.from(options.auth).toString("base64")}`;
  return headers;
}

/** A context that needs a program, an identity provider or a proxy, through the official client's KubeConfig. */
export function assistedAccess(source: string, context: KubeconfigContext): Access {
  let config: Promise<KubeConfig> | undefined;
  let kept: { readonly key: string; readonly agent: Agent } | undefined;

  async function enter(): Promise<Entry> {
    config ??= load(source, context);
    const loaded = await config;
    const options: RequestOptions = {};
    await loaded.applyToHTTPSOptions(options);
    const headers = { ...headersOf(options), ...impersonation(context) };
    const proxied = loaded.getCurrentCluster()?.proxyUrl !== undefined;
    if (proxied) return { headers, agent: options.agent as HttpsAgent };
    // The library's agent keeps no connection open, and keeps certificates that have been renewed since.
    const { cert, key } = options;
    const mark = `${String(cert)}\n${String(key)}`;
    if (kept?.key !== mark) {
      const tls = { ...(await tlsOf(context)), ...(cert === undefined ? {} : { cert, key }) };
      kept = { key: mark, agent: agentFor(context.server, tls) };
    }
    return { headers, agent: kept.agent };
  }

  return {
    server: context.server,
    advice: `Log in again to the provider of context '${context.name}' on this machine.`,
    enter: async () => {
      try {
        return await withinTime(enter(), context);
      } catch (error) {
        throw error instanceof UnderstudyError ? error : unavailable(context, error);
      }
    },
    renew() {
      if (config === undefined) return false;
      config = undefined;
      return true;
    },
  };
}
