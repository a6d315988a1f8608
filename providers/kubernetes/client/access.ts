import type { KubernetesConnection } from "../connection.ts";
import { assistedAccess } from "./assisted-access.ts";
import { type Access, type Agent, agentFor, contentOf, impersonation, tlsOf } from "./entry.ts";
import { type KubeconfigContext, parseKubeconfig } from "./kubeconfig.ts";

async function credentialsOf({ token, tokenFile, basic }: KubeconfigContext): Promise<string | undefined> {
  // Read anew each time: the file of a service account is rotated.
  const read = tokenFile === undefined ? undefined : await contentOf({ file: tokenFile });
  const bearer = read?.toString("utf8").trim() ?? token;
  if (bearer !== undefined) return `Bearer ${bearer}`;
  if (basic === undefined) return undefined;
  return `Basic ${Buffer.from(`${basic.username}:${basic.password}`).toString("base64")}`;
}

/** A context whose credentials stand in it: nothing has to be asked for. */
function plainAccess(context: KubeconfigContext): Access {
  let agent: Promise<Agent> | undefined;
  return {
    server: context.server,
    advice: `Get a new kubeconfig for context '${context.name}' and set it: understudy config set STACK --secret --path understudy:connection.kubeconfig`,
    async enter() {
      agent ??= tlsOf(context).then((tls) => agentFor(context.server, tls));
      const authorization = await credentialsOf(context);
      const headers = {
        ...impersonation(context),
        ...(authorization === undefined ? {} : { authorization }),
      };
      return { headers, agent: await agent };
    },
    renew: () => false,
  };
}

function tokenAccess(connection: Extract<KubernetesConnection, { readonly token: string }>): Access {
  const server = connection.url.replace(/\/+$/, "");
  const agent = agentFor(server, {
    ...(connection.ca === undefined ? {} : { ca: connection.ca }),
    ...(connection.insecure === true ? { rejectUnauthorized: false } : {}),
  });
  const headers = { authorization: `Bearer ${connection.token}` };
  return {
    server,
    advice:
      "It may have expired. Make a new token and set it: understudy config set STACK --secret --path understudy:connection.token",
    enter: async () => ({ headers, agent }),
    renew: () => false,
  };
}

/** The way in that a connection describes. Opens nothing. */
export function accessFor(connection: KubernetesConnection): Access {
  if ("token" in connection) return tokenAccess(connection);
  const context = parseKubeconfig(connection.kubeconfig, connection.context);
  return context.assisted ? assistedAccess(connection.kubeconfig, context) : plainAccess(context);
}
