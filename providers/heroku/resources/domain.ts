import { z } from "zod";
import { UnderstudyError } from "../../../src/base/errors.ts";
import type { ResourceHandler } from "../../../src/platform/handler.ts";
import { PartialCreateError } from "../../../src/platform/partial.ts";
import type { HerokuClient } from "../client/client.ts";
import { ifFound } from "../client/errors.ts";
import { pollUntil } from "../client/poll.ts";
import { appShape, domainShape } from "../client/shapes.ts";
import { clientOf } from "../client/shared.ts";
import type { HerokuConnection } from "../settings.ts";

const inputs = z.object({ app: z.string(), hostname: z.string() });

type Domain = z.output<typeof domainShape>;

/** `traffic` is what DNS must say of the host name. */
function outputsOf({ cname }: Domain) {
  return { cname, traffic: { type: "CNAME", values: cname === null ? [] : [cname] } };
}

/** Ids are `APP/HOSTNAME`: a domain is found under its app only. */
function partsOf(id: string): { readonly app: string; readonly hostname: string } {
  const [app = "", hostname = ""] = id.split("/", 2);
  return { app, hostname };
}

async function settled(
  client: HerokuClient,
  app: string,
  hostname: string,
  signal: AbortSignal,
): Promise<Domain> {
  const domain = await pollUntil(
    client,
    () => client.get(`/apps/${app}/domains/${hostname}`, domainShape, { signal }),
    ({ cname, status }) => cname !== null && status !== "pending",
    signal,
  );
  if (domain.status !== "failed") return domain;
  throw new UnderstudyError(`Heroku could not add the domain ${hostname}.`, {
    code: "domain-failed",
    suggestion: "Remove it with `heroku domains:remove` and try again.",
  });
}

export const domain: ResourceHandler<HerokuConnection> = {
  inputs,
  replaceOn: ["app", "hostname"],
  deleteBeforeReplace: true,
  stableOutputs: ["cname", "traffic"],

  async create({ connection, signal }, values) {
    const { app, hostname } = inputs.parse(values);
    const client = clientOf(connection);
    const find = () => ifFound(client.get(`/apps/${app}/domains/${hostname}`, domainShape, { signal }));
    const body = { hostname, sni_endpoint: null };
    const made = await client.create(`/apps/${app}/domains`, body, domainShape, find, { signal });
    const id = `${app}/${hostname}`;
    try {
      return { id, outputs: outputsOf(await settled(client, app, hostname, signal)) };
    } catch (error) {
      throw new PartialCreateError(error, { id, outputs: outputsOf(made) });
    }
  },

  async read({ connection, signal }, id) {
    const { app, hostname } = partsOf(id);
    const client = clientOf(connection);
    const found = await ifFound(client.get(`/apps/${app}/domains/${hostname}`, domainShape, { signal }));
    if (found === undefined) return undefined;
    const owner = await client.get(`/apps/${app}`, appShape, { signal });
    const values = { app: owner.id, hostname: found.hostname };
    return { id: `${owner.id}/${found.hostname}`, inputs: values, outputs: outputsOf(found) };
  },

  async delete({ connection, signal }, { id }) {
    const { app, hostname } = partsOf(id);
    await clientOf(connection).delete(`/apps/${app}/domains/${hostname}`, { signal });
  },
};
