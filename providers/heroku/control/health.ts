import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { isPublic } from "../../../src/app/roles.ts";
import type { App } from "../../../src/app/schema.ts";
import { messageOf } from "../../../src/base/errors.ts";
import type { CallOptions, ControlledSite, HealthObservation } from "../../../src/platform/contract.ts";
import type { HerokuClient } from "../client/client.ts";
import { within } from "../client/deadline.ts";
import { appShape } from "../client/shapes.ts";
import type { HerokuSettings } from "../settings.ts";

const defaultTimeoutMs = 10_000;

/** Where a site is entered, and by which name it is asked for. */
interface Entrance {
  readonly address: string;
  readonly port: number;
  readonly tls: boolean;
  readonly host: string;
}

function healthPath(app: App): string {
  const web = Object.entries(app.processes).find(([name, process]) => isPublic(name, process));
  return web?.[1].http?.health?.path ?? "/";
}

/** Asked once of the API when the settings don't say it; a host of a domain that is a wildcard can't be asked for. */
async function entranceOf(
  client: HerokuClient,
  path: string,
  { app, settings }: ControlledSite<HerokuSettings>,
  signal: AbortSignal,
): Promise<Entrance> {
  const domain = app.domains.find((hostname) => !hostname.startsWith("*"));
  if (settings.entrance !== undefined && domain !== undefined) return { ...settings.entrance, host: domain };
  const { web_url } = await client.get(path, appShape, { signal });
  const url = new URL(web_url ?? `https://${path.split("/").at(-1)}.herokuapp.com`);
  const tls = url.protocol === "https:";
  const own = { address: url.hostname, port: Number(url.port || (tls ? 443 : 80)), tls };
  return { ...own, ...settings.entrance, host: domain ?? url.hostname };
}

/** Status of one GET, past DNS: the connection goes to the entrance, the name (also TLS's) is the app's. */
function statusOf(
  { address, port, tls, host }: Entrance,
  path: string,
  signal: AbortSignal,
): Promise<number> {
  const options = {
    host: address,
    port,
    path,
    signal,
    agent: false as const,
    headers: { host, connection: "close" },
  };
  return new Promise((resolve, reject) => {
    const sent = tls ? httpsRequest({ ...options, servername: host }) : httpRequest(options);
    sent.on("response", (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.on("error", reject);
    sent.end();
  });
}

/** A site that can't be asked is not healthy: only the API's own refusals are errors. */
export async function checkHealth(
  client: HerokuClient,
  appPath: string,
  site: ControlledSite<HerokuSettings>,
  options: CallOptions,
): Promise<HealthObservation> {
  const deadline = { timeoutMs: defaultTimeoutMs, ...options };
  return await within(`The health of ${appPath}`, deadline, async (signal) => {
    const entrance = await entranceOf(client, appPath, site, signal);
    const path = healthPath(site.app);
    const startedAt = performance.now();
    const took = (): string => `${Math.round(performance.now() - startedAt)} ms`;
    try {
      const status = await statusOf(entrance, path, signal);
      const healthy = status >= 200 && status < 400;
      return { healthy, detail: `GET ${path} of ${entrance.host} answered ${status} in ${took()}` };
    } catch (error) {
      options.signal?.throwIfAborted();
      const why = signal.aborted ? "no answer" : messageOf(error);
      return { healthy: false, detail: `GET ${path} of ${entrance.host} failed after ${took()}: ${why}` };
    }
  });
}
