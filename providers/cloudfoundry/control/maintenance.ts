import { type Deadline, within } from "../../../src/base/deadline.ts";
import { destinationInput, parkedKey, parkedPrefix, parsedParked } from "../api/annotations.ts";
import type { Client } from "../api/client.ts";
import {
  type AppAnswer,
  anything,
  identified,
  type RouteAnswer,
  routeSchema,
  statsSchema,
} from "../api/wire.ts";
import { ensureProcess } from "../resources/process.ts";
import { pageCommand, pageMemoryMb, pageProcess } from "./page.ts";

/** The page has this long to come up before users are sent to it all the same: a fence must not wait for it. */
const pageStartMs = 15_000;

export function isInMaintenance(app: AppAnswer): boolean {
  return Object.keys(app.metadata.annotations).some((key) => key.startsWith(parkedPrefix));
}

async function annotate(
  client: Client,
  app: string,
  annotations: Readonly<Record<string, string | null>>,
  deadline: Deadline,
): Promise<void> {
  await client.patch(`/v3/apps/${app}`, { metadata: { annotations } }, identified, deadline);
}

async function startPage(client: Client, app: string, deadline: Deadline): Promise<void> {
  const path = `/v3/apps/${app}/processes/${pageProcess}`;
  const own = within(deadline, Math.min(pageStartMs, deadline.remainingMs() / 2));
  try {
    await ensureProcess(client, { app, type: pageProcess }, own);
    const settings = { command: pageCommand, health_check: { type: "port", data: {} } };
    await client.patch(path, settings, identified, own);
    await client.act(`${path}/actions/scale`, { json: { instances: 1, memory_in_mb: pageMemoryMb } }, own);
    for (let waitMs = 50; ; waitMs = Math.min(1_000, waitMs * 1.5)) {
      const { resources } = await client.get(`${path}/stats`, statsSchema, own);
      if (resources.some((instance) => instance.state === "RUNNING")) return;
      await own.pause(waitMs, "the maintenance page");
    }
  } catch {
    deadline.signal?.throwIfAborted();
    // Without it users get the router's 404 in the page's place: they are kept out, and that is what counts.
  }
}

const isOwn = (app: string) => (item: RouteAnswer["destinations"][number]) => item.app.guid === app;

/**
 * Sends an app's routes to the maintenance page. What they led to is kept in annotations of the app before anything is
 * changed, so that a run that was cut off can be taken back or gone on with.
 */
export async function enterMaintenance(client: Client, app: string, deadline: Deadline): Promise<void> {
  await startPage(client, app, deadline);
  const routes = await client.list(`/v3/apps/${app}/routes`, routeSchema, deadline);
  const toPark = routes.flatMap((route) => {
    const own = route.destinations.filter(isOwn(app));
    const usual = own.filter((item) => item.app.process?.type !== pageProcess);
    return usual.length === 0 ? [] : [{ route, usual }];
  });
  if (toPark.length === 0) return;
  const kept = toPark.map(({ route, usual }) => [parkedKey(route.guid), JSON.stringify(usual)]);
  await annotate(client, app, Object.fromEntries(kept), deadline);
  await Promise.all(
    toPark.map(async ({ route }) => {
      const others = route.destinations.filter((item) => !isOwn(app)(item)).map(destinationInput);
      const page = { app: { guid: app, process: { type: pageProcess } } };
      const destinations = [...others, page];
      await client.patch(`/v3/routes/${route.guid}/destinations`, { destinations }, anything, deadline);
    }),
  );
}

/** Puts back where the app's routes led. */
export async function leaveMaintenance(client: Client, app: AppAnswer, deadline: Deadline): Promise<void> {
  const parked = Object.entries(app.metadata.annotations).flatMap(([key, text]) =>
    key.startsWith(parkedPrefix) && text !== null
      ? [{ key, guid: key.slice(parkedPrefix.length), usual: parsedParked(text) }]
      : [],
  );
  await Promise.all(
    parked.map(async ({ guid, usual }) => {
      const route = await client.find(`/v3/routes/${guid}`, routeSchema, deadline);
      // It was deleted meanwhile: there is nothing to put back.
      if (route === undefined) return;
      const others = route.destinations.filter((item) => !isOwn(app.guid)(item));
      const destinations = [...others, ...usual].map(destinationInput);
      await client.patch(`/v3/routes/${guid}/destinations`, { destinations }, anything, deadline);
    }),
  );
  if (parked.length > 0) {
    await annotate(client, app.guid, Object.fromEntries(parked.map(({ key }) => [key, null])), deadline);
  }
  const scale = `/v3/apps/${app.guid}/processes/${pageProcess}/actions/scale`;
  if (
    (await client.find(`/v3/apps/${app.guid}/processes/${pageProcess}`, identified, deadline)) !== undefined
  ) {
    await client.act(scale, { json: { instances: 0 } }, deadline);
  }
}
