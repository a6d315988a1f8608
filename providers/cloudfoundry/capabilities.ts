import type { Capabilities, FieldRule } from "../../src/platform/fidelity.ts";
import { knownBuildpack } from "./render/buildpacks.ts";

const exact: FieldRule = { fidelity: "exact" };

/**
 * What Cloud Foundry takes of an app. Sources: docs-dev-guide (manifest attributes, app lifecycle, tasks),
 * cloud_controller_ng (limits), gorouter (timeouts).
 */
export const capabilities: Capabilities = {
  fields: {
    version: exact,
    name: exact,
    source: exact,
    "source.git": {
      fidelity: "manual",
      reason: "the platform takes an archive, not a repository",
      fallback: "check the repository out and give its folder as `source.path`",
    },
    "source.ref": {
      fidelity: "manual",
      reason: "the platform takes an archive, not a repository",
      fallback: "check the ref out and give its folder as `source.path`",
    },
    "source.image": {
      fidelity: "approximated",
      reason: "images run only where the operator allows it, and an EXPOSE in them decides the port",
      fallback: "name the image by digest; have `diego_docker` switched on",
    },
    build: exact,
    "build.buildpacks": {
      fidelity: "approximated",
      reason: "buildpacks have other names here",
      fallback: "heroku/nodejs is nodejs_buildpack, and so on; Git URLs stay",
      within: { pattern: knownBuildpack },
      otherwise: {
        fidelity: "dropped",
        reason: "one of these buildpacks has no counterpart here",
        fallback: "it is left out; name the foundation's own, or a Git URL",
      },
    },
    "build.dockerfile": {
      fidelity: "manual",
      reason: "no Dockerfile is built here",
      fallback: "build and push the image, and give it as `source.image`",
    },
    "build.context": {
      fidelity: "manual",
      reason: "no Dockerfile is built here",
      fallback: "build and push the image, and give it as `source.image`",
    },
    "build.args": {
      fidelity: "dropped",
      reason: "there are no build arguments apart from the environment",
      fallback: "put what a build needs into `config`: buildpacks see it",
    },
    "build.stack": exact,
    processes: exact,
    "processes.*.command": exact,
    "processes.*.http": exact,
    "processes.*.http.public": {
      fidelity: "exact",
      within: { oneOf: [true] },
      otherwise: {
        fidelity: "approximated",
        reason: "other apps reach a process only by an internal route",
        fallback: "no route; map one of `apps.internal` and add a network policy where it is needed",
      },
    },
    "processes.*.http.port": {
      fidelity: "approximated",
      reason: "the platform chooses the port",
      fallback: "told by $PORT",
    },
    "processes.*.http.health.timeoutSeconds": {
      fidelity: "approximated",
      reason: "whole seconds only",
      fallback: "rounded up",
    },
    "processes.*.http.health.intervalSeconds": {
      fidelity: "approximated",
      reason: "whole seconds only, and every 2 s until the first success",
      fallback: "rounded up",
    },
    "processes.*.http.health.graceSeconds": {
      fidelity: "exact",
      within: { max: 180 },
      otherwise: { fidelity: "approximated", reason: "a start may take 180 s at most", fallback: "180 s" },
    },
    "processes.*.http.health.failures": {
      fidelity: "exact",
      within: { max: 1 },
      otherwise: {
        fidelity: "approximated",
        reason: "there is no threshold",
        fallback: "the first failure restarts the instance",
      },
    },
    "processes.*.http.requestTimeoutSeconds": {
      fidelity: "exact",
      within: { min: 900, max: 900 },
      otherwise: {
        fidelity: "dropped",
        reason: "the router's limit holds for the whole foundation, 900 s by default",
        fallback: "end long requests in the app",
      },
    },
    "processes.*.scale.count": exact,
    "processes.*.scale.min": {
      fidelity: "manual",
      reason: "autoscaling is a service of its own, where there is one",
      fallback: "bind the App Autoscaler; `count` is set here",
    },
    "processes.*.scale.max": {
      fidelity: "manual",
      reason: "autoscaling is a service of its own, where there is one",
      fallback: "bind the App Autoscaler; `count` is set here",
    },
    "processes.*.scale.cpuPercent": {
      fidelity: "manual",
      reason: "autoscaling is a service of its own, where there is one",
      fallback: "bind the App Autoscaler; `count` is set here",
    },
    "processes.*.size.memoryMb": exact,
    "processes.*.size.cpu": {
      fidelity: "dropped",
      reason: "the share of a CPU follows the memory",
      fallback: "ask for more memory",
    },
    "processes.*.size.diskMb": {
      fidelity: "exact",
      within: { max: 2048 },
      otherwise: {
        fidelity: "approximated",
        reason: "the default limit is 2048 MB",
        fallback: "asked for as stated; the operator must allow it",
      },
    },
    "processes.*.size.plan": exact,
    "processes.*.stopGraceSeconds": {
      fidelity: "exact",
      within: { min: 10, max: 10 },
      otherwise: {
        fidelity: "approximated",
        reason: "10 s between SIGTERM and SIGKILL, unless the operator set another",
        fallback: "put unfinished work back on SIGTERM",
      },
    },
    "processes.*.roles": exact,
    "processes.*.singleton": {
      fidelity: "exact",
      within: { oneOf: [false] },
      otherwise: {
        fidelity: "approximated",
        reason: "a cell's evacuation may run two for a moment",
        fallback: "one instance; take a lease in the app",
      },
    },
    "release.command": {
      fidelity: "approximated",
      reason: "there is no release phase",
      fallback: "a task in the new droplet, before it takes over, where the site is active",
    },
    "release.timeoutSeconds": exact,
    setup: {
      fidelity: "manual",
      reason: "nothing runs once ever",
      fallback: "`cf run-task` once, on the first site",
    },
    schedule: {
      fidelity: "approximated",
      reason: "there is no scheduler",
      fallback: "`understudy schedule run` starts each job as a task at its time, where the site is active",
    },
    "services.*.type": exact,
    "services.*.version": {
      fidelity: "manual",
      reason: "the plan decides the version",
      fallback: "choose the plan with `plan: {cloudfoundry: OFFERING:PLAN}`",
    },
    "services.*.plan": exact,
    "services.*.env": {
      fidelity: "approximated",
      reason: "bindings come in VCAP_SERVICES",
      fallback:
        "the URL is set under these names as well; DATABASE_URL of an only database by the platform itself",
    },
    "services.*.extensions": {
      fidelity: "manual",
      reason: "the broker decides which there are",
      fallback: "CREATE EXTENSION in a migration",
    },
    "services.*.options": {
      fidelity: "approximated",
      reason: "each broker has its own parameters",
      fallback: "passed to the broker as parameters",
    },
    "services.*.link": exact,
    "services.*.rebuild": exact,
    config: exact,
    "config.PORT": {
      fidelity: "dropped",
      reason: "the platform sets PORT itself and refuses it",
      fallback: "listen on $PORT",
    },
    secrets: {
      fidelity: "approximated",
      reason: "environment variables, which space developers can read",
      fallback: "keep the space's developers few",
    },
    domains: exact,
    drains: exact,
    objectives: exact,
  },
  links: {
    // Brokers give the role of an owner, without replication: no logical link.
    postgres: ["trigger", "snapshot", "shared", "rebuild", "none"],
    redis: ["snapshot", "rebuild", "none"],
    "*": ["shared", "rebuild", "none"],
  },
};
