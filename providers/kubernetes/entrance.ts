import { isIP } from "node:net";
import { z } from "zod";
import type { CallOptions, TrafficTarget } from "../../src/platform/contract.ts";
import type { KubernetesClient } from "./client/client.ts";
import type { KubernetesObject, ObjectRef } from "./client/object.ts";

/** Kinds of objects by which users come in, and whose status says where. */
export const entranceKinds = ["Ingress", "Service", "Gateway", "Route"] as const;
export type EntranceKind = (typeof entranceKinds)[number];

const apiVersions: Readonly<Record<EntranceKind, string>> = {
  Ingress: "networking.k8s.io/v1",
  Service: "v1",
  Gateway: "gateway.networking.k8s.io/v1",
  Route: "route.openshift.io/v1",
};

export interface EntranceRef {
  readonly kind: EntranceKind;
  readonly namespace: string;
  readonly name: string;
}

export function entranceObject({ kind, namespace, name }: EntranceRef): ObjectRef {
  return { apiVersion: apiVersions[kind], kind, namespace, name };
}

const point = z.object({ ip: z.string().optional(), hostname: z.string().optional() });
const balanced = z.object({
  status: z
    .object({ loadBalancer: z.object({ ingress: z.array(point).default([]) }).prefault({}) })
    .prefault({}),
});
const gateway = z.object({
  status: z.object({ addresses: z.array(z.object({ value: z.string() })).default([]) }).prefault({}),
});
const route = z.object({
  status: z
    .object({
      ingress: z
        .array(z.object({ host: z.string().optional(), routerCanonicalHostname: z.string().optional() }))
        .default([]),
    })
    .prefault({}),
});

/** The addresses that an object's status names, hosts and IP addresses; empty until its controller has written them. */
export function addressesOf(kind: EntranceKind, object: KubernetesObject): readonly string[] {
  const given = (values: readonly (string | undefined)[]) =>
    values.filter((value): value is string => value !== undefined && value !== "");
  if (kind === "Gateway") return given(gateway.parse(object).status.addresses.map(({ value }) => value));
  if (kind === "Route") {
    const { ingress } = route.parse(object).status;
    // A host of its own leads to the router too, where the router has no name.
    return given(ingress.map(({ routerCanonicalHostname, host }) => routerCanonicalHostname ?? host));
  }
  return given(balanced.parse(object).status.loadBalancer.ingress.map(({ ip, hostname }) => ip ?? hostname));
}

/** What DNS must say to reach these addresses. A name goes before numbers, which a cloud may change. */
export function targetOf(addresses: readonly string[]): TrafficTarget | undefined {
  const name = addresses.find((address) => isIP(address) === 0);
  if (name !== undefined) return { type: "CNAME", values: [name.replace(/\.$/, "")] };
  const fours = addresses.filter((address) => isIP(address) === 4);
  if (fours.length > 0) return { type: "A", values: fours.toSorted() };
  return addresses.length === 0 ? undefined : { type: "AAAA", values: addresses.toSorted() };
}

/** Where users come in now; undefined when the object isn't there, empty when it has no address yet. */
export async function readAddresses(
  client: KubernetesClient,
  ref: EntranceRef,
  options?: CallOptions,
): Promise<readonly string[] | undefined> {
  const found = await client.get(entranceObject(ref), options);
  return found === undefined ? undefined : addressesOf(ref.kind, found);
}
