import { z } from "zod";
import { readTextIfExists, writeFileAtomic } from "../../../src/base/file.ts";
import { isAlive, type ProcessRecord } from "../../../src/local/runtime/process-identity.ts";
import type { StockImages } from "../images/stock.ts";
import { type ClusterFolder, clusterFolder } from "./place.ts";

/** A cluster that answers, and how it is reached. */
export interface RunningCluster {
  readonly kubeconfig: string;
  readonly url: string;
  readonly token: string;
  /** PEM. */
  readonly ca: string;
  readonly kubectl: string;
  readonly containerdSocket: string;
  /** Where the ingress controller takes requests. */
  readonly ingress: { readonly address: string; readonly port: number };
  /** The same for OpenShift's Routes. */
  readonly routes: { readonly address: string; readonly port: number };
  /** The machine's own address as pods see it. */
  readonly host: string;
  readonly ingressClass: string;
  readonly storageClass: string;
  /** Command of the builder `command`: what it builds, the node has. */
  readonly builder: readonly string[];
  readonly images: StockImages;
}

const processSchema = z.object({ pid: z.number(), ticks: z.string().optional(), startedAt: z.number() });
const entranceSchema = z.object({ address: z.string(), port: z.number() });
const recordSchema = z.object({
  block: z.number(),
  processes: z.array(processSchema),
  running: z
    .object({
      kubeconfig: z.string(),
      url: z.string(),
      token: z.string(),
      ca: z.string(),
      kubectl: z.string(),
      containerdSocket: z.string(),
      ingress: entranceSchema,
      routes: entranceSchema,
      host: z.string(),
      ingressClass: z.string(),
      storageClass: z.string(),
      builder: z.array(z.string()).readonly(),
      images: z.object({ postgres: z.string(), redis: z.string(), maintenance: z.string() }),
    })
    .optional(),
});
/** What is written down of a cluster: enough to end it, whatever became of who started it. */
export type ClusterRecord = z.output<typeof recordSchema>;

export async function readRecord(folder: ClusterFolder): Promise<ClusterRecord | undefined> {
  const text = await readTextIfExists(folder.record);
  return text === undefined ? undefined : recordSchema.parse(JSON.parse(text));
}

export async function writeRecord(folder: ClusterFolder, record: ClusterRecord): Promise<void> {
  await writeFileAtomic(folder.record, JSON.stringify(record), { mode: 0o600 });
}

/** The processes that hold the cluster. */
export function holdersOf(record: ClusterRecord): readonly ProcessRecord[] {
  return record.processes.map(({ pid, ticks, startedAt }) => ({ pid, ticks, startedAt }));
}

/** The cluster of a folder if it is up. */
export async function findCluster(root: string): Promise<RunningCluster | undefined> {
  const record = await readRecord(clusterFolder(root));
  if (record?.running === undefined) return undefined;
  const alive = await Promise.all(holdersOf(record).map(isAlive));
  return alive.every(Boolean) ? record.running : undefined;
}

/** A process as a record has it. */
export function holder({ pid, ticks, startedAt }: ProcessRecord): ClusterRecord["processes"][number] {
  return { pid, startedAt, ...(ticks === undefined ? {} : { ticks }) };
}
