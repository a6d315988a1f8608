import type { Capabilities, FieldRule } from "../../src/platform/fidelity.ts";
import { knownServiceTypes } from "./render/services.ts";
import { memorySizesMb } from "./render/sizes.ts";

const exact: FieldRule = { fidelity: "exact" };

const oneOff = "`understudy schedule run` starts each job as a one-off dyno";

/** Kept in our own state or used by the failover plane; the platform has no part in it. */
const ours: FieldRule = exact;

/**
 * What Heroku does with each field of an app. Figures: https://devcenter.heroku.com/articles/dyno-types, limits,
 * http-routing, dyno-shutdown-behavior, release-phase.
 */
export const capabilities: Capabilities = {
  fields: {
    version: ours,
    name: {
      ...exact,
      within: { pattern: "^.{3,}$" },
      otherwise: {
        fidelity: "approximated",
        reason: "names of Heroku apps have 3 letters at least",
        fallback: "set this site's `app` setting to a longer name",
      },
    },
    "source.path": exact,
    "source.image": {
      fidelity: "approximated",
      reason: "Heroku takes no image by its name",
      fallback:
        "a Dockerfile of one line (FROM the image) is built on the container stack; the image must be public",
    },
    "source.git": {
      fidelity: "dropped",
      reason: "Heroku's build API takes an archive, not a repository",
      fallback: "check the repository out and set source.path",
    },
    "source.ref": {
      fidelity: "dropped",
      reason: "Heroku's build API takes an archive, not a repository",
      fallback: "check the ref out and set source.path",
    },
    "build.buildpacks": exact,
    "build.dockerfile": exact,
    "build.context": {
      fidelity: "approximated",
      reason: "the build context is always the Dockerfile's folder",
      fallback: "put the Dockerfile at the root of its context",
    },
    "build.args": {
      fidelity: "approximated",
      reason: "build arguments of heroku.yml are the same for every image",
      fallback: "written to heroku.yml as build.config",
    },
    "build.stack": exact,
    "processes.*.command": exact,
    "processes.*.http.port": {
      fidelity: "approximated",
      reason: "Heroku picks the port",
      fallback: "the app has to listen on $PORT",
    },
    "processes.web.http.public": {
      ...exact,
      within: { oneOf: [true] },
      otherwise: {
        fidelity: "approximated",
        reason: "the process type named web is always reached from outside",
        fallback: "name it otherwise to keep it inside",
      },
    },
    "processes.*.http.public": {
      ...exact,
      within: { oneOf: [false] },
      otherwise: {
        fidelity: "approximated",
        reason: "no process type but web is reached from outside",
        fallback: "name the public process web",
      },
    },
    "processes.*.http.requestTimeoutSeconds": {
      ...exact,
      within: { oneOf: [30] },
      otherwise: {
        fidelity: "dropped",
        reason: "the router gives an app 30 s to its first byte",
        fallback: "answer within 30 s, or stream",
      },
    },
    "processes.*.http.health": {
      fidelity: "approximated",
      reason:
        "Heroku has no health checks: a process is ready when it listens on $PORT, and is never restarted for them",
      fallback: "Understudy asks the path itself before and after a cutover, and while it watches",
    },
    "processes.*.scale.count": exact,
    "processes.*.scale": {
      fidelity: "manual",
      reason: "autoscaling is not in Heroku's API",
      fallback: "switch it on in the dashboard (Performance dynos, web only); until then `count` dynos run",
    },
    "processes.*.size.memoryMb": {
      ...exact,
      within: { oneOf: memorySizesMb },
      otherwise: {
        fidelity: "approximated",
        reason: "dynos come in fixed sizes, 126 GB at most",
        fallback: "the least size with that much memory, or the largest",
      },
    },
    "processes.*.size.cpu": {
      fidelity: "approximated",
      reason: "a dyno's share of processors comes with its size",
      fallback: "set size.plan.heroku, e.g. performance-m",
    },
    "processes.*.size.diskMb": {
      fidelity: "dropped",
      reason: "a dyno's disk can't be sized, and is emptied at each restart",
      fallback: "keep files in a store of their own",
    },
    "processes.*.size.plan": exact,
    "processes.*.stopGraceSeconds": {
      ...exact,
      within: { oneOf: [30] },
      otherwise: {
        fidelity: "approximated",
        reason: "a dyno gets 30 s between SIGTERM and SIGKILL",
        fallback: "30 s",
      },
    },
    "processes.*.roles": exact,
    "processes.*.singleton": {
      ...exact,
      within: { oneOf: [false] },
      otherwise: {
        fidelity: "approximated",
        reason: "at a restart the new dyno starts while the old one is stopping",
        fallback: "one dyno; take a lock in the app where two at once would harm",
      },
    },
    "release.command": exact,
    "release.timeoutSeconds": {
      ...exact,
      within: { oneOf: [3600] },
      otherwise: {
        fidelity: "approximated",
        reason: "a release command has 1 h on Heroku",
        fallback: "1 h",
      },
    },
    setup: {
      fidelity: "manual",
      reason: "only Heroku Buttons and review apps run a set-up command",
      fallback:
        "run it once: `heroku run` with the command, on the first site only (app.json has it as postdeploy)",
    },
    schedule: {
      fidelity: "approximated",
      reason: "Heroku Scheduler has no API and knows three intervals only",
      fallback: oneOff,
    },
    "services.*.type": {
      ...exact,
      within: { oneOf: knownServiceTypes },
      otherwise: {
        fidelity: "manual",
        reason: "no add-on is known for this type",
        fallback:
          "set plan.heroku to the add-on (`sendgrid` or `sendgrid:starter`), or put its URL into a secret",
      },
    },
    "services.*.version": {
      fidelity: "approximated",
      reason: "a version holds at the add-on's creation; Heroku upgrades it by its own procedure",
      fallback: "passed to the add-on at creation",
    },
    "services.*.plan": exact,
    "services.*.env": {
      ...exact,
      within: { pattern: "^[A-Z][A-Z0-9_]*_URL$" },
      otherwise: {
        fidelity: "approximated",
        reason: "an attachment's variable always ends in _URL",
        fallback: "exported under this name by .profile.d/understudy.sh when a dyno starts",
      },
    },
    "services.*.extensions": {
      fidelity: "manual",
      reason: "extensions are created in the database, not through the API",
      fallback: "CREATE EXTENSION IF NOT EXISTS in the release command",
    },
    "services.*.options": {
      fidelity: "approximated",
      reason: "options hold at the add-on's creation",
      fallback: "passed to the add-on at creation",
    },
    "services.*.link": ours,
    "services.*.rebuild": ours,
    config: {
      ...exact,
      within: { pattern: "^[\\s\\S]{0,32000}$" },
      otherwise: {
        fidelity: "dropped",
        reason: "all config vars of an app together hold 32 kB",
        fallback: "keep large values in a file or a store",
      },
    },
    secrets: {
      fidelity: "approximated",
      reason: "Heroku keeps secrets as config vars, readable by every collaborator",
      fallback: "config vars",
    },
    "secrets.*.description": ours,
    "secrets.*.required": ours,
    domains: exact,
    drains: exact,
    objectives: ours,
  },
  links: {
    // No REPLICATION role and no subscriptions on Heroku Postgres: logical replication can't be had.
    postgres: ["trigger", "snapshot", "shared", "rebuild", "none"],
    redis: ["snapshot", "shared", "rebuild", "none"],
    "*": ["shared", "rebuild", "none"],
  },
};
