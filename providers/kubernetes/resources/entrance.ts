import { z } from "zod";
import { NotFoundError, RetryableError } from "../../../src/base/errors.ts";
import type { JsonObject } from "../../../src/base/json.ts";
import { TimeLimitError } from "../../../src/base/time-limit.ts";
import type { TrafficTarget } from "../../../src/platform/contract.ts";
import {
  addressesOf,
  type EntranceRef,
  entranceKinds,
  entranceObject,
  readAddresses,
  targetOf,
} from "../entrance.ts";
import { define, type Operation } from "./define.ts";

const inputs = z.strictObject({
  namespace: z.string().min(1),
  /** The object by which users come in. */
  kind: z.enum(entranceKinds),
  name: z.string().min(1),
  /** Names under which users come: where they change, so may the address. */
  hosts: z.array(z.string()).default([]),
  /** What DNS must say, when the site's settings know it: nobody is asked then. */
  traffic: z
    .strictObject({ type: z.enum(["A", "AAAA", "CNAME"]), values: z.array(z.string()).nonempty() })
    .nullable()
    .default(null),
});
type Inputs = z.output<typeof inputs>;

const idOf = ({ namespace, kind, name }: EntranceRef) => `${namespace}/${kind}/${name}`;

function refOf(id: string): EntranceRef {
  const [namespace = "", kind = "", name = ""] = id.split("/");
  return { namespace, kind: inputs.shape.kind.parse(kind), name };
}

/** Longest wait when the engine sets none. */
const longestWaitMs = 10 * 60_000;
/** For a look at what there is once the time is up. */
const explainMs = 5_000;

const suggestions: Readonly<Record<EntranceRef["kind"], string>> = {
  Ingress: "Check that an ingress controller serves its class (`kubectl get ingressclass`)",
  Service: "Check that the cluster gives out load balancers (`kubectl describe service` tells)",
  Gateway: "Check that the Gateway is programmed (`kubectl describe gateway` tells)",
  Route: "Check that a router admits the Route (`oc describe route` tells)",
};

/** Settles when the object's status names an address. */
async function awaitTarget({ client, log, signal }: Operation, ref: EntranceRef): Promise<TrafficTarget> {
  const { apiVersion, kind, namespace, name } = entranceObject(ref);
  const query = { apiVersion, kind, fieldSelector: `metadata.name=${name}`, namespace: namespace ?? "" };
  try {
    for await (const { type, object } of client.watch(query, { signal, timeoutMs: longestWaitMs })) {
      if (type === "DELETED") continue;
      const target = targetOf(addressesOf(ref.kind, object));
      if (target !== undefined) return target;
      log.info(`Waiting for an address of ${kind} ${namespace}/${name}`);
    }
  } catch (error) {
    // A run that was cancelled has another reason.
    if (!(error instanceof TimeLimitError)) throw error;
  }
  const path = `${kind} ${namespace}/${name}`;
  const isThere = await client.get(entranceObject(ref), { timeoutMs: explainMs });
  if (isThere === undefined) throw new NotFoundError(`There is no ${path}.`, { code: "no-entrance", path });
  throw new RetryableError(`${path} has no address: its status names none.`, {
    code: "no-address",
    path,
    suggestion: `${suggestions[ref.kind]}, or say in the site's settings what DNS must say: traffic: {type: A, values: [...]}.`,
  });
}

async function outputsFor(operation: Operation, wanted: Inputs): Promise<{ readonly traffic: JsonObject }> {
  const { type, values } = wanted.traffic ?? (await awaitTarget(operation, wanted));
  return { traffic: { type, values: [...values] } };
}

/** Where users come in: what DNS must say to reach the site. Makes nothing. */
export const entrance = define({
  inputs,
  replaceOn: ["namespace", "kind", "name"],

  async create(operation, wanted) {
    return { id: idOf(wanted), outputs: await outputsFor(operation, wanted) };
  },

  async read({ client, signal }, id, known) {
    const ref = refOf(id);
    const addresses = await readAddresses(client, ref, { signal });
    if (addresses === undefined) return undefined;
    const given = known?.inputs.traffic ?? null;
    const target = given ?? targetOf(addresses);
    const outputs =
      target === undefined ? {} : { traffic: { type: target.type, values: [...target.values] } };
    return { inputs: { ...ref, hosts: known?.inputs.hosts ?? [], traffic: given }, outputs };
  },

  update: (operation, _current, wanted) => outputsFor(operation, wanted),

  async delete() {},
});
