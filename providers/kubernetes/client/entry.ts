import { readFile } from "node:fs/promises";
import { Agent as HttpAgent } from "node:http";
import { type AgentOptions, Agent as HttpsAgent } from "node:https";
import { messageOf, UnderstudyError } from "../../../src/base/errors.ts";
import type { KubeconfigContext, Material } from "./kubeconfig.ts";

export type Agent = HttpAgent | HttpsAgent;

/** What one request needs besides itself. */
export interface Entry {
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly agent: Agent;
}

/** A way into one API server. */
export interface Access {
  /** Without a slash at its end. */
  readonly server: string;
  /** What to do when the server doesn't take these credentials. */
  readonly advice: string;
  enter(): Promise<Entry>;
  /** Forgets credentials that were refused; false when there are no others to be had. */
  renew(): boolean;
}

/** Connections are kept open: a handshake costs more than most requests. */
export function agentFor(server: string, tls: AgentOptions): Agent {
  const keep = { keepAlive: true, keepAliveMsecs: 30_000 };
  return server.startsWith("https:") ? new HttpsAgent({ ...keep, ...tls }) : new HttpAgent(keep);
}

/** What the file or the text holds; undefined where there is neither. */
export async function contentOf({ data, file }: Material): Promise<Buffer | undefined> {
  if (data !== undefined) return Buffer.from(data, "base64");
  if (file === undefined) return undefined;
  return await readFile(file).catch((error: unknown) => {
    throw new UnderstudyError(`The kubeconfig names '${file}', which can't be read: ${messageOf(error)}`, {
      code: "credentials-unavailable",
      cause: error,
      suggestion: "Make a self-contained one with `kubectl config view --minify --flatten --raw`.",
    });
  });
}

/** What TLS needs for one context of a kubeconfig. */
export async function tlsOf(context: KubeconfigContext): Promise<AgentOptions> {
  const [ca, cert, key] = await Promise.all(
    [context.authority, context.certificate, context.key].map(contentOf),
  );
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(context.insecure ? { rejectUnauthorized: false } : {}),
    ...(context.serverName === undefined ? {} : { servername: context.serverName }),
  };
}

/** Headers by which a request is made as someone else. */
export function impersonation({ impersonate }: KubeconfigContext): Entry["headers"] {
  if (impersonate === undefined) return {};
  const { user, groups } = impersonate;
  return { "impersonate-user": user, ...(groups.length === 0 ? {} : { "impersonate-group": groups }) };
}
