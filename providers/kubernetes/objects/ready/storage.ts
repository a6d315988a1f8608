import type { CallOptions } from "../../../../src/platform/contract.ts";
import { type KubernetesObject, valueAt } from "../../client/object.ts";
import type { ObjectClient } from "../client.ts";
import { seen, warningsOf } from "./events.ts";
import { failed, type Look, type Readiness, ready, waiting } from "./look.ts";

/** A claim is bound at once or, where its class says so, only when a pod wants it. */
async function lookAtClaim(
  client: ObjectClient,
  claim: KubernetesObject,
  options: CallOptions,
): Promise<Look> {
  const phase = valueAt(claim, "status.phase");
  if (phase === "Bound") return ready;
  if (phase === "Lost") return failed("its volume is gone (Lost)");
  const name = valueAt(claim, "spec.storageClassName");
  const classes = await seen(client, { apiVersion: "storage.k8s.io/v1", kind: "StorageClass" }, options);
  const own = classes.find(({ metadata }) => metadata.name === name);
  return own?.volumeBindingMode === "WaitForFirstConsumer" ? ready : waiting("no volume is bound to it yet");
}

export const claim: Readiness = {
  look: lookAtClaim,
  explain: async (client, live, options) =>
    (await warningsOf(client, live, options)).slice(0, 1).map(({ message }) => message),
};

export const volume: Readiness = {
  look(_client, live) {
    const phase = valueAt(live, "status.phase");
    return phase === "Available" || phase === "Bound" ? ready : waiting(`it is ${phase ?? "not seen yet"}`);
  },
};
