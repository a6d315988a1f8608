import { NotFoundError } from "../../../src/base/errors.ts";
import type { CallOptions } from "../../../src/platform/contract.ts";
import { labelSelectorOf } from "../client/labels.ts";
import { refOf, valueAt } from "../client/object.ts";
import { fieldManager } from "../field-manager.ts";
import { jobLabel, siteSelector } from "../names.ts";
import { deploymentRef, type Place } from "./place.ts";

/** Sets the number of instances. A process with an autoscaler is its business again from the first instance on. */
export async function scaleProcess(
  place: Place,
  process: string,
  replicas: number,
  options: CallOptions,
): Promise<void> {
  const ref = deploymentRef(place, process);
  try {
    // Not by the subresource for it: there a count of 0 has no owner (autoscaling/v1 leaves it out).
    await place.client.patch(ref, { spec: { replicas } }, { fieldManager }, options);
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
    // What isn't there doesn't run.
    if (replicas === 0) return;
    throw new NotFoundError(
      `The app has no process '${process}' on the cluster: there is no ${ref.namespace}/${ref.name}.`,
      {
        code: "no-such-process",
        path: process,
        cause: error,
        suggestion: "Run `understudy up` for this site, so that it has all of the app's processes.",
      },
    );
  }
}

/** Suspends or resumes the site's CronJobs. Jobs that run already go on. */
export async function setSchedule(place: Place, on: boolean, options: CallOptions): Promise<void> {
  const { client, namespace, site } = place;
  const labelSelector = labelSelectorOf(siteSelector(site.app, site.settings), jobLabel);
  const query = { apiVersion: "batch/v1", kind: "CronJob", namespace, labelSelector };
  const found = await client.list(query, options);
  await Promise.all(
    found
      .filter((job) => (valueAt(job, "spec.suspend") === true) === on)
      .map((job) => client.patch(refOf(job), { spec: { suspend: !on } }, { fieldManager }, options)),
  );
}
