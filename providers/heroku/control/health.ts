import { isPublic } from "../../../src/app/roles.ts";
import type { App } from "../../../src/app/schema.ts";
import type { CallOptions, ControlledSite, HealthObservation } from "../../../src/platform/contract.ts";
import { askHealth, type Door } from "../../../src/platform/health.ts";
import type { HerokuClient } from "../client/client.ts";
import { within } from "../client/deadline.ts";
import { appShape } from "../client/shapes.ts";
import type { HerokuSettings } from "../settings.ts";

const defaultTimeoutMs = 10_000;

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
): Promise<Omit<Door, "path">> {
  const domain = app.domains.find((hostname) => !hostname.startsWith("*"));
  if (settings.entrance !== undefined && domain !== undefined) return { ...settings.entrance, host: domain };
  const { web_url } = await client.get(path, appShape, { signal });
  const url = new URL(web_url ?? `https://${path.split("/").at(-1)}.herokuapp.com`);
  const tls = url.protocol === "https:";
  const own = { address: url.hostname, port: Number(url.port || (tls ? 443 : 80)), tls };
  return { ...own, ...settings.entrance, host: domain ?? url.hostname };
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
    const door = { ...entrance, path: healthPath(site.app) };
    return await askHealth(door, { until: signal, cancelled: options.signal });
  });
}
