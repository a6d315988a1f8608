import { z } from "zod";
import { run } from "../../../src/base/run.ts";

/**
 * The addresses of one cluster: four /24 networks side by side. The first joins the machine and the node, the others
 * are reached through the node.
 */
export interface Block {
  readonly index: number;
  /** Of the machine's end of the link; the node's is named alike in the node's own namespace. */
  readonly link: string;
  readonly host: string;
  readonly node: string;
  readonly pods: string;
  readonly services: string;
  readonly dns: string;
  readonly loadBalancers: string;
  /** All of it. */
  readonly range: string;
}

const blocks = 64;

/** The nth block; `n` is below 64. */
export function blockAt(index: number): Block {
  const net = (offset: number) => `10.213.${4 * index + offset}`;
  return {
    index,
    link: `understudy${index}`,
    host: `${net(0)}.1`,
    node: `${net(0)}.2`,
    pods: `${net(1)}.0/24`,
    services: `${net(2)}.0/24`,
    dns: `${net(2)}.10`,
    loadBalancers: `${net(3)}.0/24`,
    range: `${net(0)}.0/22`,
  };
}

function asNumber(address: string): number {
  return address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
}

/** Whether two ranges in CIDR notation have an address in common. */
export function overlap(one: string, other: string): boolean {
  const [first, second] = [one, other].map((range) => {
    const [address = "", bits = "32"] = range.split("/");
    const size = 2 ** (32 - Number(bits));
    const start = Math.floor(asNumber(address) / size) * size;
    return { start, end: start + size };
  });
  if (first === undefined || second === undefined) return false;
  return first.start < second.end && second.start < first.end;
}

const routesSchema = z.array(z.looseObject({ dst: z.string().optional() }));

/** Blocks that no route of the machine touches, lowest first; another cluster may still take one meanwhile. */
export async function freeBlocks(): Promise<readonly Block[]> {
  const { stdout } = await run("ip", ["-4", "-j", "route", "show", "table", "all"]);
  const ranges = routesSchema.parse(JSON.parse(stdout)).flatMap(({ dst }) => {
    return dst !== undefined && /^[\d./]+$/.test(dst) ? [dst] : [];
  });
  const all = Array.from({ length: blocks }, (_, index) => blockAt(index));
  return all.filter(({ range }) => !ranges.some((taken) => overlap(range, taken)));
}
