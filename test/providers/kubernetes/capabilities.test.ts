import { describe, expect, it } from "vitest";
import { capabilities as kubernetes } from "../../../providers/kubernetes/capabilities.ts";
import { capabilities as openshift } from "../../../providers/openshift/capabilities.ts";
import { parseApp } from "../../../src/app/parse.ts";
import { compare, ruleFor } from "../../../src/platform/fidelity.ts";
import { fieldsOfSchema } from "../../contract/fields.ts";

describe.each([
  ["Kubernetes", kubernetes],
  ["OpenShift", openshift],
])("capabilities of %s", (_, capabilities) => {
  it("have a rule for every field that the schema knows", () => {
    expect(fieldsOfSchema().filter((field) => ruleFor(capabilities, field) === undefined)).toEqual([]);
  });

  it("give a reason and a way round for all that is not exact", () => {
    const verdicts = Object.entries(capabilities.fields).flatMap(([field, { otherwise, ...rule }]) => [
      { field, ...rule },
      ...(otherwise === undefined ? [] : [{ field: `${field} (otherwise)`, ...otherwise }]),
    ]);
    const silent = verdicts.filter(
      ({ fidelity, reason, fallback }) => fidelity !== "exact" && !(reason && fallback),
    );
    expect(silent).toEqual([]);
  });
});

it("judge by value", () => {
  const app = parseApp({
    name: "app",
    processes: {
      web: { http: { health: { intervalSeconds: 2.5, graceSeconds: 61 } }, scale: { min: 0, max: 3 } },
      worker: { size: { plan: { kubernetes: "huge" } } },
    },
    schedule: {
      last: { command: "true", cron: "0 0 L * *" },
      named: { command: "true", cron: "0 0 * Jan mon-fri" },
    },
    services: { db: { type: "postgres" }, search: { type: "elasticsearch" } },
  });
  const found = Object.fromEntries(compare(app, kubernetes).map(({ field, fidelity }) => [field, fidelity]));
  expect(found).toMatchObject({
    "processes.web.http.health.intervalSeconds": "approximated",
    "processes.web.http.health.graceSeconds": "approximated",
    "processes.web.http.health.path": "exact",
    "processes.web.scale.min": "approximated",
    "processes.worker.size.plan.kubernetes": "dropped",
    "schedule.last.cron": "dropped",
    "schedule.named.cron": "exact",
    "services.db.type": "approximated",
    "services.search.type": "manual",
  });
});

it("of OpenShift differ where it does", () => {
  const app = parseApp({
    name: "app",
    processes: {
      web: { http: { port: 80, requestTimeoutSeconds: 60 }, size: { plan: { openshift: "1Gi" } } },
    },
    domains: ["*.example.com"],
  });
  const found = Object.fromEntries(compare(app, openshift).map(({ field, fidelity }) => [field, fidelity]));
  expect(found).toMatchObject({
    "processes.web.http.requestTimeoutSeconds": "exact",
    "processes.web.http.port": "approximated",
    "processes.web.size.plan.openshift": "exact",
    domains: "approximated",
  });
});
