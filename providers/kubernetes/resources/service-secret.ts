import { randomBytes } from "node:crypto";
import { z } from "zod";
import { UnderstudyError } from "../../../src/base/errors.ts";
import { isJsonObject } from "../../../src/base/json.ts";
import type { KubernetesObject } from "../client/object.ts";
import { fieldManager } from "../field-manager.ts";
import { define, type Operation } from "./define.ts";

const inputs = z.strictObject({
  namespace: z.string().min(1),
  name: z.string().min(1),
  labels: z.record(z.string(), z.string()),
  /** Of the URL, e.g. `postgres`. */
  scheme: z.string().min(1),
  host: z.string().min(1),
  port: z.int().min(1).max(65535),
  user: z.string().min(1),
  database: z.string(),
});
type Inputs = z.output<typeof inputs>;

const idOf = ({ namespace, name }: Pick<Inputs, "namespace" | "name">) => `${namespace}/${name}`;

function refOf(id: string) {
  const [namespace = "", name = ""] = id.split("/");
  return { apiVersion: "v1", kind: "Secret", namespace, name };
}

/** One value of a Secret, in clear. */
export function secretValue({ data }: KubernetesObject, key: string): string | undefined {
  const value = isJsonObject(data) ? data[key] : undefined;
  return typeof value === "string" ? Buffer.from(value, "base64").toString("utf8") : undefined;
}

function urlOf({ scheme, host, port, user, database }: Inputs, password: string): string {
  const [name, word] = [user, password].map(encodeURIComponent);
  // A trial has no certificate; clients that insist on one unless told otherwise are told.
  const options = scheme.startsWith("postgres") ? "?sslmode=disable" : "";
  return `${scheme}://${name}:${word}@${host}:${port}/${database}${options}`;
}

/** A password that is there is kept: the database was made with it. */
function keptPassword(found: KubernetesObject | undefined, id: string): string | undefined {
  if (found === undefined) return undefined;
  const password = secretValue(found, "password");
  const isOurs = found.metadata.labels?.["app.kubernetes.io/managed-by"] === "understudy";
  if (isOurs) return password;
  throw new UnderstudyError(`There is a Secret ${id} already, and it is not Understudy's.`, {
    code: "name-taken",
    path: id,
    suggestion: "Delete or rename it, or give the site another `app` in its settings.",
  });
}

async function write({ client, signal }: Operation, wanted: Inputs) {
  const id = idOf(wanted);
  const found = await client.get(refOf(id), { signal });
  // Letters and digits alone: some clients don't decode what stands in a URL.
  const password = keptPassword(found, id) ?? randomBytes(18).toString("hex");
  const url = urlOf(wanted, password);
  const { namespace, name, labels, user, database } = wanted;
  const values = { username: user, password, url, database };
  const data = Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString("base64")]),
  );
  const object = { ...refOf(id), metadata: { name, namespace, labels }, type: "Opaque", data };
  const { apiVersion, kind, metadata, type } = object;
  await client.apply({ apiVersion, kind, metadata, type, data }, { fieldManager, force: true }, { signal });
  return { url, password };
}

/** What is known of it but for what the Secret itself says otherwise. */
function readInputs(found: KubernetesObject, known: Partial<Inputs>): Inputs {
  const { namespace = "", name, labels = {} } = found.metadata;
  const url = URL.parse(secretValue(found, "url") ?? "");
  const wanted = Object.keys(known.labels ?? labels);
  return {
    namespace,
    name,
    labels: Object.fromEntries(
      wanted.flatMap((key) => (labels[key] === undefined ? [] : [[key, labels[key]]])),
    ),
    scheme: url?.protocol.replace(/:$/, "") ?? "",
    host: url?.hostname ?? "",
    port: Number(url?.port),
    user: secretValue(found, "username") ?? "",
    database: secretValue(found, "database") ?? "",
  };
}

/** The Secret of a database for trials, with a password made for it. */
export const serviceSecret = define({
  inputs,
  replaceOn: ["namespace", "name"],
  secrets: ["url", "password"],

  async create(operation, wanted) {
    return { id: idOf(wanted), outputs: await write(operation, wanted) };
  },

  async read({ client, signal }, id, known) {
    const found = await client.get(refOf(id), { signal });
    if (found === undefined) return undefined;
    const [url = "", password = ""] = ["url", "password"].map((key) => secretValue(found, key));
    return { inputs: readInputs(found, known?.inputs ?? {}), outputs: { url, password } };
  },

  update: (operation, _current, wanted) => write(operation, wanted),

  async delete({ client, signal }, current) {
    await client.delete(refOf(current.id), {}, { signal });
  },
});
