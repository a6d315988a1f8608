import { z } from "zod";
import { NotFoundError } from "../../../src/base/errors.ts";
import type { KubernetesConnection } from "../connection.ts";
import { define } from "./define.ts";

const inputs = z.strictObject({
  /** As in the app's services. */
  name: z.string().min(1),
});

/** @throws NotFoundError `no-service-url` */
export function externalUrl(connection: KubernetesConnection, name: string): string {
  const url = connection.services?.[name];
  if (url !== undefined) return url;
  throw new NotFoundError(
    `The connection has no URL of the service '${name}', which stands outside the cluster.`,
    {
      code: "no-service-url",
      path: `connection.services.${name}`,
      suggestion: `Set it: understudy config set STACK --secret --path understudy:connection.services.${name}`,
    },
  );
}

/** A backing service outside the cluster: its URL comes with the connection, and nothing of it is made or deleted. */
export const externalService = define({
  inputs,
  replaceOn: ["name"],
  secrets: ["url"],

  async create({ connection }, { name }) {
    return { id: name, outputs: { url: externalUrl(connection, name) } };
  },

  async read({ connection }, id) {
    const url = connection.services?.[id];
    return url === undefined ? undefined : { inputs: { name: id }, outputs: { url } };
  },

  async update({ connection }, _current, { name }) {
    return { url: externalUrl(connection, name) };
  },

  async delete() {},
});
