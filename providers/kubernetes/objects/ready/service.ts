import { isJsonObject, type Json } from "../../../../src/base/json.ts";
import type { CallOptions } from "../../../../src/platform/contract.ts";
import { labelSelectorOf } from "../../client/labels.ts";
import { type KubernetesObject, valueAt } from "../../client/object.ts";
import type { ObjectClient } from "../client.ts";
import { countAt } from "./conditions.ts";
import { seen } from "./events.ts";
import { explainPods } from "./explain-pods.ts";
import { type Look, type Readiness, ready, waiting } from "./look.ts";
import { isSubset } from "./selector.ts";

/** A program makes a Service and what it leads to side by side: what isn't there yet may come in this time. */
const graceMs = 2_000;

function ageMs(object: KubernetesObject): number {
  return Date.now() - Date.parse(object.metadata.creationTimestamp ?? "");
}

async function look(client: ObjectClient, service: KubernetesObject, options: CallOptions): Promise<Look> {
  const type = valueAt(service, "spec.type");
  if (type === "ExternalName") return ready;
  const addresses = valueAt(service, "status.loadBalancer.ingress");
  if (type === "LoadBalancer" && !(Array.isArray(addresses) && addresses.length > 0)) {
    return waiting("the cluster gave it no address yet (does it have load balancers?)");
  }
  const selector = valueAt(service, "spec.selector");
  const isHeadless = valueAt(service, "spec.clusterIP") === "None";
  if (isHeadless || !isJsonObject(selector) || Object.keys(selector).length === 0) return ready;
  if (await hasEndpoint(client, service, options)) return ready;
  if (await expectsPods(client, service, selector, options)) {
    return waiting("none of the pods that its selector means is ready");
  }
  // A clock that is not the server's may be ahead or behind: only a young object makes anyone wait.
  const age = ageMs(service);
  return age >= 0 && age < graceMs ? waiting("it leads to no pods") : ready;
}

async function hasEndpoint(client: ObjectClient, { metadata }: KubernetesObject, options: CallOptions) {
  const slices = await seen(
    client,
    {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      labelSelector: `kubernetes.io/service-name=${metadata.name}`,
      ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
    },
    options,
  );
  return slices.some(
    ({ endpoints }) =>
      Array.isArray(endpoints) && endpoints.some((item: Json) => valueAt(item, "conditions.ready") !== false),
  );
}

/** Whether anything means to run pods that the selector fits. */
async function expectsPods(
  client: ObjectClient,
  { metadata }: KubernetesObject,
  selector: Json,
  options: CallOptions,
): Promise<boolean> {
  const { namespace } = metadata;
  if (namespace === undefined) return false;
  for (const kind of ["Deployment", "StatefulSet"]) {
    const all = await seen(client, { apiVersion: "apps/v1", kind, namespace }, options);
    const fits = all.some(
      (workload) =>
        countAt(workload, "spec.replicas") > 0 &&
        isSubset(selector, valueAt(workload, "spec.template.metadata.labels")),
    );
    if (fits) return true;
  }
  return false;
}

async function explain(client: ObjectClient, service: KubernetesObject, options: CallOptions) {
  const selector = valueAt(service, "spec.selector");
  const { namespace } = service.metadata;
  if (!isJsonObject(selector) || namespace === undefined) return [];
  const labelSelector = labelSelectorOf(selector as Readonly<Record<string, string>>);
  const pods = await seen(client, { apiVersion: "v1", kind: "Pod", namespace, labelSelector }, options);
  return await explainPods(client, pods, options);
}

/** A Service is ready when users get through: it has its address, and pods behind it where some are meant to run. */
export const service: Readiness = { look, explain };
