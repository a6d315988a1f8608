import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  configObject,
  cronJobObject,
  domainObject,
  labelValue,
  maintenanceObject,
  processObject,
  releaseObject,
  serviceObject,
} from "../../../providers/kubernetes/names.ts";
import { checkApp } from "../../../src/app/parse.ts";
import { at, onKubernetes } from "./sites.ts";

const app = { name: "shop" };

describe("names of objects", () => {
  it("say what they are for", () => {
    expect(processObject(app, {}, "web")).toBe("shop-web");
    expect(serviceObject(app, {}, "database")).toBe("shop-service-database");
    expect(cronJobObject(app, {}, "digest")).toBe("shop-digest");
    expect(configObject(app, { app: "other" })).toBe("other-config");
    expect(releaseObject(app, {}, "x")).toBe("shop-release-2d711642b7");
  });

  it("get a hash where they are too long or not allowed, and keep apart what is different", () => {
    expect(processObject(app, {}, "worker_Default")).toBe("shop-worker-default");
    expect(processObject(app, {}, "web_")).toMatch(/^shop-web-[0-9a-f]{8}$/);
    expect(processObject(app, {}, "web-")).not.toBe(processObject(app, {}, "web_"));
    const long = "a".repeat(63);
    expect(processObject(app, {}, long)).toHaveLength(63);
    expect(cronJobObject(app, {}, long)).toHaveLength(52);
    expect(serviceObject(app, {}, long)).toHaveLength(50);
  });

  it("leave ours alone", () => {
    expect(processObject(app, {}, "maintenance")).not.toBe(maintenanceObject(app, {}));
    expect(processObject(app, {}, "service-database")).not.toBe(serviceObject(app, {}, "database"));
  });

  it("tell domains apart that differ in a dot or a star", () => {
    const domains = ["a.b.example.com", "a-b.example.com", "*.example.com", "wildcard.example.com"];
    const names = domains.map((domain) => domainObject(app, {}, domain));
    expect(new Set(names).size).toBe(domains.length);
    expect(names[0]).toBe("shop-a-b-example-com");
  });

  it("make labels of any name", () => {
    expect(labelValue("Web_1")).toBe("Web_1");
    expect(labelValue("web_")).toMatch(/^web-[0-9a-f]{8}$/);
  });
});

const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/);
const processes = fc.dictionary(
  fc.oneof(name, fc.constantFrom("web", "maintenance", "service-db", "config", "release-x", "public")),
  fc.record({ count: fc.nat(3), isHttp: fc.boolean(), isSingle: fc.boolean() }),
  { maxKeys: 5 },
);
const anyApp = fc.record({
  name: fc.stringMatching(/^[a-z][a-z0-9-]{0,28}[a-z0-9]$/),
  processes: processes.map((made) =>
    Object.fromEntries(
      Object.entries(made).map(([key, { count, isHttp, isSingle }]) => [
        key,
        {
          scale: { count: isSingle ? 1 : count },
          singleton: isSingle,
          ...(isHttp ? { http: {} } : {}),
        },
      ]),
    ),
  ),
  services: fc.dictionary(name, fc.record({ type: fc.constantFrom("postgres", "redis", "mysql") }), {
    maxKeys: 3,
  }),
  schedule: fc.dictionary(name, fc.constant({ command: "true", cron: "0 0 * * *" }), { maxKeys: 3 }),
  release: fc.constant({ command: "true" }),
});

/** RFC 1035 label, which Services want, and all others take. */
const valid = /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/;
const validLabel = /^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;

it("every object of every app has a valid name of its own kind's, and its labels are valid", () => {
  fc.assert(
    fc.property(anyApp, (input) => {
      const { app: checked } = checkApp(input);
      fc.pre(checked !== undefined);
      const { resources } = onKubernetes(checked ?? input);
      expect(new Set(resources.map((resource) => resource.name)).size).toBe(resources.length);
      const objects = resources.filter(({ type }) => type.startsWith("kubernetes:"));
      const names = objects.map(({ type, inputs }) => `${type} ${at(inputs, "metadata", "name")}`);
      expect(new Set(names).size).toBe(names.length);
      for (const { inputs } of objects) {
        expect(at(inputs, "metadata", "name")).toMatch(valid);
        const labels = {
          ...(at(inputs, "metadata", "labels") as object),
          ...(at(inputs, "spec", "template", "metadata", "labels") as object),
        };
        for (const value of Object.values(labels)) expect(value).toMatch(validLabel);
      }
    }),
    { numRuns: 100 },
  );
});
