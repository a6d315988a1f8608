import type { InputValue } from "../../../src/platform/contract.ts";
import { cronJobObject, jobLabel, labelValue, recommendedLabels, releaseObject } from "../names.ts";
import { imageKind, runLine } from "./command.ts";
import { isStandardCron, kubernetesCron } from "./cron.ts";
import { imageFingerprint } from "./image.ts";
import type { KubeResource, Labels } from "./kube.ts";
import {
  defined,
  kubeResource,
  madeAnewOnFailure,
  sharedWithFailover,
  unawaited,
  unawaitedPath,
} from "./object.ts";
import { podSpec } from "./pod.ts";
import { type Site, sortedEntries } from "./site.ts";
import { oneOffSize } from "./size.ts";

/** Seconds that a job may start late, e.g. after a restart of the controller. Without it, 100 missed starts end a schedule. */
const latestStart = 300;
/** How many finished runs of each outcome are kept to look at. */
const keptRuns = 3;

interface Run {
  readonly command: string;
  readonly labels: Labels;
  readonly timeoutSeconds: number | undefined;
}

/** The specification of a Job that runs a line once: a failure is a failure, nothing is run twice. */
function jobSpec(
  site: Site,
  { command, labels, timeoutSeconds }: Run,
): { readonly [field: string]: InputValue } {
  return defined({
    backoffLimit: 0,
    activeDeadlineSeconds: timeoutSeconds,
    template: {
      metadata: { labels },
      spec: podSpec(site, {
        name: "app",
        command: runLine(imageKind(site.app, site.settings), command),
        size: oneOffSize(site),
        pod: { restartPolicy: "Never" },
      }),
    },
  });
}

/** The CronJobs of the schedule, at rest on a standby. Lines that Kubernetes can't read are left out, as `check` says. */
export function renderSchedule(site: Site, before: readonly string[]): readonly KubeResource[] {
  const { app, settings, role } = site;
  return sortedEntries(app.schedule)
    .filter(([, { cron }]) => isStandardCron(cron))
    .map(([name, job]) => {
      const labels = { ...recommendedLabels(app, settings, name), [jobLabel]: labelValue(name) };
      const run = { command: job.command, labels, timeoutSeconds: job.timeoutSeconds };
      const policy = { allow: "Allow", forbid: "Forbid", replace: "Replace" }[job.overlap];
      return kubeResource(site, `cron-job-${name}`, {
        apiVersion: "batch/v1",
        kind: "CronJob",
        name: cronJobObject(app, settings, name),
        labels,
        annotations: sharedWithFailover,
        fields: {
          spec: {
            schedule: kubernetesCron(job.cron),
            timeZone: job.timezone,
            concurrencyPolicy: policy,
            startingDeadlineSeconds: latestStart,
            suspend: role === "standby",
            successfulJobsHistoryLimit: keptRuns,
            failedJobsHistoryLimit: keptRuns,
            jobTemplate: { metadata: { labels }, spec: jobSpec(site, run) },
          },
        },
        dependsOn: before,
        options: { roleInputs: ["spec.suspend"] },
      });
    });
}

/**
 * The Job that runs the release command, one for each release: its name tells releases apart, since a Job can't be changed.
 * On a standby it waits, suspended, so that the site that becomes active has nothing to make.
 */
export function renderRelease(site: Site, before: readonly string[]): readonly KubeResource[] {
  const { app, settings, role } = site;
  if (app.release === undefined) return [];
  const labels = { ...recommendedLabels(app, settings, "release"), [jobLabel]: "release" };
  const spec = jobSpec(site, { ...app.release, labels });
  // Whatever of the template changes makes another Job, but nothing of the environment: that is read when it runs.
  const fingerprint = JSON.stringify([imageFingerprint(site), spec.template]);
  const isWaiting = role === "standby";
  return [
    kubeResource(site, "release", {
      apiVersion: "batch/v1",
      kind: "Job",
      name: releaseObject(app, settings, fingerprint),
      labels,
      annotations: { ...sharedWithFailover, ...madeAnewOnFailure, ...(isWaiting ? unawaited : {}) },
      fields: { spec: { ...spec, suspend: isWaiting } },
      dependsOn: before,
      options: {
        roleInputs: [unawaitedPath, "spec.suspend"],
        timeoutSeconds: app.release.timeoutSeconds + latestStart,
      },
    }),
  ];
}
