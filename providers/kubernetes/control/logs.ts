import { NotFoundError } from "../../../src/base/errors.ts";
import type { CallOptions, LogLine } from "../../../src/platform/contract.ts";
import { deadline } from "../client/deadline.ts";
import { KubernetesError } from "../client/errors.ts";
import { labelSelectorOf } from "../client/labels.ts";
import { type KubernetesObject, valueAt } from "../client/object.ts";
import { jobLabel, siteSelector } from "../names.ts";
import { type Place, processNamed } from "./place.ts";

/** Logs that are read at a time. */
const atOnce = 8;

/** `web.x7k2p`: the process or job, and what tells its pods apart. */
function sourceOf(place: Place, pod: KubernetesObject): string | undefined {
  const name = processNamed(place, pod) ?? pod.metadata.labels?.[jobLabel];
  return name === undefined ? undefined : `${name}.${pod.metadata.name.split("-").at(-1)}`;
}

function lineOf(text: string, source: string): LogLine {
  const space = text.indexOf(" ");
  return { time: text.slice(0, space), source, text: text.slice(space + 1) };
}

async function podLines(
  { client, namespace }: Place,
  pod: KubernetesObject,
  source: string,
  lines: number,
  options: CallOptions,
): Promise<readonly LogLine[]> {
  const container = valueAt(pod, "spec.containers.0.name");
  const log = { tailLines: lines, timestamps: true, ...(typeof container === "string" ? { container } : {}) };
  try {
    const text = await client.logs(namespace, pod.metadata.name, log, options);
    const found = text.split("\n").filter((line) => line !== "");
    return found.map((line) => lineOf(line, source));
  } catch (error) {
    // It has gone since, or hasn't begun yet.
    const isAbsent =
      error instanceof NotFoundError || (error instanceof KubernetesError && error.status === 400);
    if (isAbsent) return [];
    throw error;
  }
}

/** The last lines of all pods of processes, of the release and of the schedule, oldest first. */
export async function readLogs(
  place: Place,
  lines: number,
  options: CallOptions,
): Promise<readonly LogLine[]> {
  const until = deadline(options);
  const { client, namespace, site } = place;
  const labelSelector = labelSelectorOf(siteSelector(site.app, site.settings));
  const pods = await client.list(
    { apiVersion: "v1", kind: "Pod", namespace, labelSelector },
    until.options(),
  );
  const ours = pods.flatMap((pod) => {
    const source = sourceOf(place, pod);
    return source === undefined ? [] : [{ pod, source }];
  });
  const found: LogLine[] = [];
  for (let begin = 0; begin < ours.length; begin += atOnce) {
    const some = ours.slice(begin, begin + atOnce);
    const read = some.map(({ pod, source }) => podLines(place, pod, source, lines, until.options()));
    found.push(...(await Promise.all(read)).flat());
  }
  const at = new Map(found.map((line) => [line, Date.parse(line.time)]));
  found.sort((a, b) => (at.get(a) ?? 0) - (at.get(b) ?? 0));
  return lines === 0 ? [] : found.slice(-lines);
}
