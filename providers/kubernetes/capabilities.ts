import type { Capabilities, FieldRule } from "../../src/platform/fidelity.ts";
import { standardCron } from "./render/cron.ts";
import { planPattern } from "./render/size.ts";
import { trialKinds } from "./render/trial.ts";

const exact: FieldRule = { fidelity: "exact" };

/** Probes and grace periods are counted in whole seconds. */
const wholeSeconds: FieldRule = {
  ...exact,
  within: { pattern: "^\\d+$" },
  otherwise: { fidelity: "approximated", reason: "whole seconds only", fallback: "rounded up" },
};

const repository: FieldRule = {
  fidelity: "manual",
  reason: "images are built from a folder, not from a repository",
  fallback: "check it out and give its folder as source.path, or its image as source.image",
};

/** What all of Kubernetes takes of an app. Sources: the API reference of v1.34, the Pod Security Standards. */
export const capabilities: Capabilities = {
  fields: {
    version: exact,
    name: exact,
    "source.path": {
      fidelity: "approximated",
      reason: "a cluster runs images and builds none",
      fallback: "built by pack, docker, podman or buildah on this machine and pushed to the site's registry",
    },
    "source.image": exact,
    "source.git": repository,
    "source.ref": repository,
    "build.buildpacks": {
      fidelity: "approximated",
      reason: "images are built by Cloud Native Buildpacks, which the classic ones are not",
      fallback: "names such as heroku/nodejs mean the builder's own",
      within: { pattern: "^[a-z0-9-]+/[a-z0-9-]+(@.+)?$" },
      otherwise: {
        fidelity: "manual",
        reason: "a buildpack given by URL is a classic one, which Cloud Native Buildpacks can't run",
        fallback: "name one of the builder's, e.g. heroku/nodejs, or build by a Dockerfile",
      },
    },
    "build.dockerfile": exact,
    "build.context": exact,
    "build.args": exact,
    "build.stack": exact,
    "processes.*.command": exact,
    "processes.*.http": exact,
    "processes.*.http.health.intervalSeconds": wholeSeconds,
    "processes.*.http.health.timeoutSeconds": wholeSeconds,
    "processes.*.http.health.graceSeconds": {
      ...exact,
      within: { pattern: "^\\d*[02468]$" },
      otherwise: {
        fidelity: "approximated",
        reason: "a start is looked at every 2 s",
        fallback: "rounded up to 2 s",
      },
    },
    "processes.*.http.requestTimeoutSeconds": {
      fidelity: "approximated",
      reason: "each ingress controller has an annotation of its own for it",
      fallback:
        "exact with a Gateway; on an Ingress that of ingress-nginx, others by the setting exposure.annotations",
    },
    "processes.*.scale.count": exact,
    "processes.*.scale.min": {
      ...exact,
      within: { min: 1 },
      otherwise: {
        fidelity: "approximated",
        reason: "a HorizontalPodAutoscaler doesn't scale to none",
        fallback: "1",
      },
    },
    "processes.*.scale.max": exact,
    "processes.*.scale.cpuPercent": exact,
    "processes.*.size.memoryMb": exact,
    "processes.*.size.cpu": {
      fidelity: "approximated",
      reason: "it is what a node keeps free for the process, which may use more when there is more",
      fallback: "a request, without a limit",
    },
    "processes.*.size.diskMb": exact,
    "processes.*.size.plan": exact,
    "processes.*.size.plan.kubernetes": {
      ...exact,
      within: { pattern: planPattern },
      otherwise: {
        fidelity: "dropped",
        reason: "there are no named sizes",
        fallback: "write MEMORY or CPU:MEMORY, e.g. 500m:1Gi, or use memoryMb and cpu",
      },
    },
    "processes.*.stopGraceSeconds": wholeSeconds,
    "processes.*.roles": exact,
    "processes.*.singleton": {
      ...exact,
      within: { oneOf: [false] },
      otherwise: {
        fidelity: "approximated",
        reason: "a node that can't be reached may still run its instance while another starts",
        fallback: "Recreate, never two by a rollout; take a lease in the app",
      },
    },
    "release.command": {
      fidelity: "approximated",
      reason: "there is no release phase",
      fallback: "a Job before the new pods start, where the site is active",
    },
    "release.timeoutSeconds": exact,
    setup: {
      fidelity: "manual",
      reason: "nothing runs once ever",
      fallback: "run it once on the first site, e.g. by `kubectl exec`",
    },
    "schedule.*.command": exact,
    "schedule.*.cron": {
      ...exact,
      within: { pattern: standardCron },
      otherwise: {
        fidelity: "dropped",
        reason: "L, W, # and the like are not read here",
        fallback: "the job is left out; write a plain cron line and check the day in the command",
      },
    },
    "schedule.*.timezone": exact,
    "schedule.*.overlap": exact,
    "schedule.*.timeoutSeconds": exact,
    "services.*.type": {
      fidelity: "approximated",
      reason:
        "a cluster has no databases of its own: without a setting, one instance on one volume, for trials",
      fallback: "set services.NAME.from to cloudnative-pg or external in the site's settings",
      within: { oneOf: Object.keys(trialKinds) },
      otherwise: {
        fidelity: "manual",
        reason: "a cluster has no such service of its own",
        fallback: "run one outside, and give its URL in the site's connection: services.NAME",
      },
    },
    "services.*.version": {
      fidelity: "approximated",
      reason: "the version of a service outside the cluster is its provider's business",
      fallback: "the image's tag of one in the cluster",
    },
    "services.*.plan": exact,
    "services.*.plan.kubernetes": {
      fidelity: "dropped",
      reason: "there are no plans",
      fallback: "set instances and storage in the site's settings: services.NAME",
    },
    "services.*.env": exact,
    "services.*.extensions": {
      fidelity: "approximated",
      reason: "only CloudNativePG creates extensions with the database",
      fallback: "elsewhere CREATE EXTENSION IF NOT EXISTS in the release command",
    },
    "services.*.options": {
      fidelity: "manual",
      reason: "options are a provider's own",
      fallback: "set them on the service itself",
    },
    "services.*.link": exact,
    "services.*.rebuild": exact,
    config: exact,
    "config.PORT": {
      fidelity: "dropped",
      reason: "each process is told its own port",
      fallback: "fix it with http.port of the process",
    },
    secrets: exact,
    domains: exact,
    drains: {
      fidelity: "manual",
      reason:
        "a cluster has no drains: logs of all pods are collected on its nodes, which takes rights over the cluster",
      fallback:
        "have the cluster's collector send this namespace there; the rendered files have a configuration for Fluent Bit",
    },
    objectives: exact,
  },
  links: {
    postgres: ["trigger", "logical", "snapshot", "shared", "rebuild", "none"],
    redis: ["snapshot", "shared", "rebuild", "none"],
    "*": ["shared", "rebuild", "none"],
  },
};
