import { describe, expect, it } from "vitest";
import { autoname } from "../../../providers/kubernetes/objects/autoname.ts";
import { replacementOf } from "../../../providers/kubernetes/objects/replacement.ts";
import { asApi, asProgram } from "../../../providers/kubernetes/objects/schema-keys.ts";
import { changesBetween, replaces } from "../../../providers/plugin/diff.ts";
import { unknownValue } from "../../../providers/plugin/wire.ts";
import type { JsonObject } from "../../../src/base/json.ts";
import { parsePath } from "../../../src/base/property-path.ts";

const options = {
  namespace: "default",
  patchForce: false,
  upsert: false,
  mutableConfigMaps: true,
  mutableSecrets: true,
};

function type(apiVersion: string, kind: string) {
  return { apiVersion, kind, group: apiVersion.includes("/") ? (apiVersion.split("/")[0] ?? "") : "" };
}

/** Paths whose change needs a new object, and whether the old one goes first. */
function judge(of: ReturnType<typeof type>, olds: JsonObject, news: JsonObject, set = options) {
  const { replaceOn, deleteBeforeReplace } = replacementOf(of, set, olds, news);
  const replaced = changesBetween(olds, news)
    .filter((change) => replaces(change, replaceOn.map(parsePath), olds, news))
    .map(({ path }) => path.join("."));
  return { replaced, deleteBeforeReplace };
}

const named = (name: string, rest: JsonObject = {}) => ({ metadata: { name, namespace: "shop" }, ...rest });

describe("what needs a new object", () => {
  it("is another name or namespace, which leaves room for the old one", () => {
    const found = judge(type("v1", "Service"), named("a"), named("b"));
    expect(found).toEqual({ replaced: ["metadata.name"], deleteBeforeReplace: false });
  });

  it("is not to write out the namespace that it is in", () => {
    const olds = { metadata: { name: "a" } };
    const news = { metadata: { name: "a", namespace: "default" } };
    expect(judge(type("v1", "Service"), olds, news).replaced).toEqual([]);
    expect(judge(type("v1", "Service"), olds, { metadata: { name: "a", namespace: "x" } }).replaced).toEqual([
      "metadata.namespace",
    ]);
  });

  it.each([
    ["apps/v1", "Deployment", "selector", { matchLabels: { app: "a" } }, { matchLabels: { app: "b" } }],
    [
      "batch/v1",
      "Job",
      "template",
      { spec: { containers: [{ image: "a" }] } },
      { spec: { containers: [{ image: "b" }] } },
    ],
    ["apps/v1", "StatefulSet", "volumeClaimTemplates", [{ spec: { size: 1 } }], [{ spec: { size: 2 } }]],
    ["v1", "PersistentVolumeClaim", "storageClassName", "slow", "fast"],
    ["v1", "Pod", "nodeName", "a", "b"],
  ])(
    "is a change of what %s %s keeps: %s, and the old one stands in its way",
    (apiVersion, kind, key, before, after) => {
      const olds = named("x", { spec: { [key]: before, other: 1 } });
      const found = judge(type(apiVersion, kind), olds, named("x", { spec: { [key]: after, other: 1 } }));
      expect(found.replaced).toHaveLength(1);
      expect(found.replaced[0]).toMatch(new RegExp(`^spec\\.${key}`));
      expect(found.deleteBeforeReplace).toBe(true);
    },
  );

  it.each([
    ["apps/v1", "Deployment", { replicas: 1 }, { replicas: 2 }],
    ["batch/v1", "Job", { suspend: true, template: { a: 1 } }, { suspend: false, template: { a: 1 } }],
    ["batch/v1", "CronJob", { jobTemplate: { a: 1 } }, { jobTemplate: { a: 2 } }],
    [
      "v1",
      "PersistentVolumeClaim",
      { resources: { requests: { storage: "1Gi" } } },
      { resources: { requests: { storage: "2Gi" } } },
    ],
  ])("is not what %s %s lets be changed", (apiVersion, kind, before, after) => {
    const found = judge(type(apiVersion, kind), named("x", { spec: before }), named("x", { spec: after }));
    expect(found.replaced).toEqual([]);
  });

  it("is the content of a ConfigMap or Secret that is frozen, or that the provider doesn't let change", () => {
    const change = (frozen: boolean) =>
      [1, 2].map((value) =>
        named("x", { data: { A: String(value) }, ...(frozen ? { immutable: true } : {}) }),
      );
    const [before = {}, after = {}] = change(false);
    expect(judge(type("v1", "ConfigMap"), before, after).replaced).toEqual([]);
    const strict = { ...options, mutableConfigMaps: false };
    expect(judge(type("v1", "ConfigMap"), before, after, strict).replaced).toEqual(["data.A"]);
    expect(judge(type("v1", "Secret"), before, after, strict).replaced).toEqual([]);
    const [frozen = {}, thawed = {}] = change(true);
    expect(judge(type("v1", "Secret"), frozen, thawed).replaced).toEqual(["data.A"]);
  });

  it("may be anything where a whole branch isn't known yet", () => {
    const olds = named("x", { spec: { selector: { matchLabels: { a: "b" } } } });
    expect(judge(type("apps/v1", "Deployment"), olds, named("x", { spec: unknownValue })).replaced).toEqual([
      "spec",
    ]);
    expect(
      judge(type("apps/v1", "Deployment"), { ...olds, extra: 1 }, { ...olds, extra: unknownValue }).replaced,
    ).toEqual([]);
  });
});

describe("names that a program leaves out", () => {
  const by = { name: "Web App", olds: {}, seed: Uint8Array.from([1, 2, 3, 4, 5]) };

  it("are made up of the logical name, said to be so, and kept", () => {
    const made = autoname({ metadata: { labels: { a: "b" } } }, by);
    expect(made).toEqual({
      metadata: {
        labels: { a: "b" },
        name: "web-app-01020304",
        annotations: { "pulumi.com/autonamed": "true" },
      },
    });
    const again = autoname({}, { ...by, olds: made, seed: Uint8Array.from([9, 9, 9, 9]) });
    expect(again).toMatchObject({ metadata: { name: "web-app-01020304" } });
  });

  it("can stand beside the old one when it has to be made anew", () => {
    const made = autoname({ type: "a" }, by);
    expect(judge(type("v1", "Secret"), made, { ...made, type: "b" })).toEqual({
      replaced: ["type"],
      deleteBeforeReplace: false,
    });
  });

  it("are left out of what has a name, or may have one yet", () => {
    for (const inputs of [
      { metadata: { name: "a" } },
      { metadata: { name: unknownValue } },
      { metadata: unknownValue },
    ]) {
      expect(autoname(inputs, by)).toBe(inputs);
    }
    expect(autoname({ metadata: { generateName: "run-" } }, by)).toMatchObject({
      metadata: { name: "run-01020304" },
    });
  });
});

it("fields of schemas go by the API's names there and the program's here", () => {
  const program = { schema: [{ x_kubernetes_preserve_unknown_fields: true, max_length: 3 }] };
  const api = { schema: [{ "x-kubernetes-preserve-unknown-fields": true, max_length: 3 }] };
  expect(asApi(program)).toEqual(api);
  expect(asProgram(api)).toEqual(program);
});
