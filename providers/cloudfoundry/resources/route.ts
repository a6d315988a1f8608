import { z } from "zod";
import type { Deadline } from "../../../src/base/deadline.ts";
import { NotFoundError, UnderstudyError } from "../../../src/base/errors.ts";
import type { JsonObject } from "../../../src/base/json.ts";
import { destinationInput, parkedKey, parsedParked } from "../api/annotations.ts";
import type { Client } from "../api/client.ts";
import { isTaken } from "../api/failure.ts";
import {
  anything,
  appSchema,
  type DestinationAnswer,
  domainSchema,
  identified,
  type RouteAnswer,
  routeSchema,
  spaceSchema,
} from "../api/wire.ts";
import { pageProcess } from "../control/page.ts";
import { define, type Operation } from "./define.ts";
import { domainNamed } from "./domain.ts";

const inputs = z.strictObject({
  /** Guid of the app. */
  app: z.string(),
  /** Guid of the space. */
  space: z.string(),
  /** Name of a domain; null = the organization's default. */
  domain: z.string().nullable().default(null),
  /** Empty = the domain itself. */
  host: z.string().default(""),
  path: z.string().default(""),
  process: z.string().default("web"),
  /** What DNS must say to send users here; null = a CNAME to the route. */
  traffic: z
    .strictObject({ type: z.enum(["A", "AAAA", "CNAME"]), values: z.array(z.string()) })
    .nullable()
    .default(null),
});
type Inputs = z.output<typeof inputs>;

async function organizationOf(client: Client, space: string, deadline: Deadline): Promise<string> {
  const found = await client.get(`/v3/spaces/${space}`, spaceSchema, deadline);
  return found.relationships.organization.data?.guid ?? "";
}

async function defaultDomain(client: Client, organization: string, deadline: Deadline) {
  return await client.find(`/v3/organizations/${organization}/domains/default`, domainSchema, deadline);
}

async function domainGuid(client: Client, wanted: Inputs, deadline: Deadline): Promise<string> {
  const organization = await organizationOf(client, wanted.space, deadline);
  const guid =
    wanted.domain === null
      ? (await defaultDomain(client, organization, deadline))?.guid
      : await domainNamed(client, organization, wanted.domain, deadline);
  if (guid !== undefined) return guid;
  throw new NotFoundError(`The organization has no domain '${wanted.domain ?? "by default"}'.`, {
    code: "domain-not-found",
    path: "domain",
    suggestion: "Set `appsDomain` in the site's settings to one that `cf domains` lists.",
  });
}

function outputsOf(route: RouteAnswer, wanted: Inputs, adopted: boolean): JsonObject {
  const name = route.url.split("/")[0] ?? route.url;
  const target = wanted.traffic ?? { type: "CNAME", values: [name] };
  return { guid: route.guid, url: route.url, target, adopted };
}

/** Makes the route, or takes one that nobody uses. */
async function obtain(
  { client, deadline }: Operation,
  wanted: Inputs,
): Promise<{ readonly route: RouteAnswer; readonly adopted: boolean }> {
  const domain = await domainGuid(client, wanted, deadline);
  const json = {
    ...(wanted.host === "" ? {} : { host: wanted.host }),
    ...(wanted.path === "" ? {} : { path: wanted.path }),
    relationships: { space: { data: { guid: wanted.space } }, domain: { data: { guid: domain } } },
  };
  try {
    return { route: await client.create("/v3/routes", json, routeSchema, deadline), adopted: false };
  } catch (error) {
    if (!isTaken(error)) throw error;
    const query = { domain_guids: domain, hosts: wanted.host, paths: wanted.path };
    const [existing] = await client.list("/v3/routes", routeSchema, deadline, query);
    const isHere = existing?.relationships.space.data?.guid === wanted.space;
    if (
      existing !== undefined &&
      isHere &&
      existing.destinations.every((item) => item.app.guid === wanted.app)
    ) {
      return { route: existing, adopted: true };
    }
    const name = `${wanted.host === "" ? "" : `${wanted.host}.`}${wanted.domain ?? "(default domain)"}${wanted.path}`;
    throw new UnderstudyError(
      `The route ${name} can't be made: it leads to another app, or lies in another space.`,
      {
        code: "route-taken",
        cause: error,
        suggestion:
          "Free it (`cf routes` shows who has it), or set another `hostname` in the site's settings.",
      },
    );
  }
}

/** Destinations of a route as they are outside maintenance, which replaces those of its app by the page. */
async function usualDestinations(
  client: Client,
  route: RouteAnswer,
  app: string | undefined,
  deadline: Deadline,
): Promise<readonly DestinationAnswer[]> {
  const paged = route.destinations.find((item) => item.app.process?.type === pageProcess);
  const owner = paged?.app.guid ?? app;
  if (owner === undefined) return route.destinations;
  const found = await client.find(`/v3/apps/${owner}`, appSchema, deadline);
  const parked = found?.metadata.annotations[parkedKey(route.guid)];
  if (typeof parked !== "string") return route.destinations;
  return [...route.destinations.filter((item) => item !== paged), ...parsedParked(parked)];
}

/** A host name (and path) that leads to a process of the app. Output `target` is what DNS must say. */
export const route = define({
  inputs,
  replaceOn: ["space", "domain", "host", "path"],
  deleteBeforeReplace: true,
  stableOutputs: ["guid", "url", "adopted"],

  async create(operation, wanted) {
    const { client, deadline } = operation;
    const { route: made, adopted } = await obtain(operation, wanted);
    const destination = { app: { guid: wanted.app, process: { type: wanted.process } } };
    // The same destination added twice is one.
    await client.act(
      `/v3/routes/${made.guid}/destinations`,
      { json: { destinations: [destination] } },
      deadline,
    );
    return { id: made.guid, outputs: outputsOf(made, wanted, adopted) };
  },

  async read({ client, deadline }, id, known) {
    const found = await client.find(`/v3/routes/${id}`, routeSchema, deadline);
    const space = found?.relationships.space.data?.guid;
    const domain = found?.relationships.domain.data?.guid;
    if (found === undefined || space === undefined || domain === undefined) return undefined;
    const { name } = await client.get(`/v3/domains/${domain}`, domainSchema, deadline);
    const organization = await organizationOf(client, space, deadline);
    const usual = await defaultDomain(client, organization, deadline);
    const isDefault = usual?.guid === domain && typeof known?.inputs.domain !== "string";
    const destinations = await usualDestinations(client, found, known?.inputs.app, deadline);
    const own = destinations.find((item) => item.app.guid === known?.inputs.app) ?? destinations[0];
    const read: Inputs = {
      app: own?.app.guid ?? "",
      space,
      domain: isDefault ? null : name,
      host: found.host,
      path: found.path,
      process: own?.app.process?.type ?? "web",
      traffic: known?.inputs.traffic ?? null,
    };
    return { inputs: read, outputs: outputsOf(found, read, known?.outputs.adopted === true) };
  },

  async update({ client, deadline }, current, wanted) {
    const path = `/v3/routes/${current.id}`;
    const found = await client.get(path, routeSchema, deadline);
    const others = found.destinations.filter(
      (item) => item.app.guid !== wanted.app && item.app.guid !== current.inputs.app,
    );
    const own = { app: { guid: wanted.app, process: { type: wanted.process } } };
    const destinations = [...others.map(destinationInput), own];
    await client.patch(`${path}/destinations`, { destinations }, anything, deadline);
    await forget(client, wanted.app, current.id, deadline);
    return outputsOf(found, wanted, current.outputs.adopted === true);
  },

  async delete({ client, deadline }, current) {
    const path = `/v3/routes/${current.id}`;
    if (current.outputs.adopted === true) {
      const found = await client.find(path, routeSchema, deadline);
      const own = found?.destinations.filter((item) => item.app.guid === current.inputs.app) ?? [];
      for (const { guid } of own) await client.delete(`${path}/destinations/${guid}`, deadline);
    } else {
      await client.delete(path, deadline);
    }
    if (current.inputs.app !== undefined) await forget(client, current.inputs.app, current.id, deadline);
  },
});

/** Takes back what maintenance kept of a route. */
async function forget(client: Client, app: string, routeGuid: string, deadline: Deadline): Promise<void> {
  const found = await client.find(`/v3/apps/${app}`, appSchema, deadline);
  if (found?.metadata.annotations[parkedKey(routeGuid)] === undefined) return;
  const metadata = { annotations: { [parkedKey(routeGuid)]: null } };
  await client.patch(`/v3/apps/${app}`, { metadata }, identified, deadline);
}
