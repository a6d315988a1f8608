import { isIPv4, isIPv6 } from "node:net";
import { recordType } from "../base/dns/codes.ts";
import { decodeData, encodeData } from "../base/dns/data.ts";
import { canonicalName } from "../base/dns/name.ts";
import type { TrafficTarget } from "../platform/contract.ts";

/** The types of records that lead users to a site; each name has one of them. */
export const targetTypes = ["A", "AAAA", "CNAME"] as const;

const hostName =
  /^(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.?$/i;

/** Why a value can't be the data of such a record, or undefined. */
export function targetProblem(type: TrafficTarget["type"], value: string): string | undefined {
  if (type === "A") return isIPv4(value) && value !== "0.0.0.0" ? undefined : "is not an IPv4 address";
  if (type === "AAAA") {
    return isIPv6(value) && !value.includes("%") && value !== "::" ? undefined : "is not an IPv6 address";
  }
  if (isIPv4(value) || isIPv6(value)) return "is an address, not a host name";
  return hostName.test(value) ? undefined : "is not a host name";
}

/** The target with each value in its one spelling, sorted, no value twice. Its values must be valid. */
export function canonicalTarget({ type, values }: TrafficTarget): TrafficTarget {
  const spelled = values.map((value) => {
    if (type === "CNAME") return canonicalName(value);
    return decodeData(recordType[type], encodeData(recordType[type], value));
  });
  return { type, values: [...new Set(spelled)].sort() };
}

export function sameTarget(a: TrafficTarget | undefined, b: TrafficTarget | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return describeTarget(canonicalTarget(a)) === describeTarget(canonicalTarget(b));
}

/** `A 192.0.2.1, 192.0.2.2`, for people. */
export function describeTarget(target: TrafficTarget | undefined): string {
  return target === undefined ? "nothing" : `${target.type} ${target.values.join(", ")}`;
}
