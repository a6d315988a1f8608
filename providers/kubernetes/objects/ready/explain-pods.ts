import { UnderstudyError } from "../../../../src/base/errors.ts";
import type { CallOptions } from "../../../../src/platform/contract.ts";
import type { KubernetesObject } from "../../client/object.ts";
import type { ObjectClient } from "../client.ts";
import { warningsOf } from "./events.ts";
import { type PodTrouble, troubleOf } from "./pod-trouble.ts";

const logLines = 10;
/** Pods of one workload mostly fail alike. */
const shownTroubles = 3;

/** What keeps pods from being ready: each different trouble once, with the last lines of what crashed. */
export async function explainPods(
  client: ObjectClient,
  pods: readonly KubernetesObject[],
  options: CallOptions,
): Promise<readonly string[]> {
  const troubles = pods.flatMap((pod) => {
    const trouble = troubleOf(pod);
    return trouble === undefined ? [] : [{ pod, trouble }];
  });
  // What merely takes its time explains least.
  troubles.sort((a, b) => Number(a.trouble.events === "any") - Number(b.trouble.events === "any"));
  const different = troubles.filter(
    ({ trouble }, index) => troubles.findIndex((other) => other.trouble.text === trouble.text) === index,
  );
  return await Promise.all(
    different.slice(0, shownTroubles).map(({ pod, trouble }) => told(client, pod, trouble, options)),
  );
}

async function told(
  client: ObjectClient,
  pod: KubernetesObject,
  trouble: PodTrouble,
  options: CallOptions,
): Promise<string> {
  const text = `pod ${trouble.pod}: ${trouble.text}`;
  const { events } = trouble;
  if (events !== undefined) {
    const warnings = await warningsOf(client, pod, options);
    const meant = warnings.filter(({ reason }) => events === "any" || reason === events);
    // `Error: ErrImagePull` only repeats in short what another event tells in full.
    const warning = meant.find(({ message }) => !message.startsWith("Error: ")) ?? meant[0];
    return warning === undefined ? text : `${text}: ${warning.message}`;
  }
  if (trouble.log === undefined) return text;
  const lines = await lastLines(client, pod, trouble.log, options);
  return lines === "" ? text : `${text}. Its last lines:\n${lines}`;
}

async function lastLines(
  client: ObjectClient,
  { metadata }: KubernetesObject,
  log: NonNullable<PodTrouble["log"]>,
  options: CallOptions,
): Promise<string> {
  try {
    const query = { ...log, tailLines: logLines };
    const text = await client.logs(metadata.namespace ?? "", metadata.name, query, options);
    return text
      .trimEnd()
      .split("\n")
      .map((line) => `  ${line}`)
      .join("\n")
      .trimEnd();
  } catch (error) {
    // An explanation without the log is better than none.
    if (error instanceof UnderstudyError) return "";
    throw error;
  }
}
