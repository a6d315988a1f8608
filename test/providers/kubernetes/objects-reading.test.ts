import { describe, expect, it } from "vitest";
import type { KubernetesObject } from "../../../providers/kubernetes/client/object.ts";
import { leavingAlone } from "../../../providers/kubernetes/objects/ignored.ts";
import { managerOf } from "../../../providers/kubernetes/objects/manager.ts";
import { inputsAsLive, inputsOfImport, outputsOf } from "../../../providers/kubernetes/objects/reading.ts";
import { UnderstudyError } from "../../../src/base/errors.ts";
import type { JsonObject } from "../../../src/base/json.ts";

type Fields = { readonly manager: string; readonly fieldsV1: JsonObject; readonly operation?: string };

function object(content: JsonObject, managers: readonly Fields[] = []): KubernetesObject {
  const { metadata = {}, ...rest } = content;
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    ...rest,
    metadata: {
      name: "web",
      namespace: "shop",
      ...(metadata as JsonObject),
      ...(managers.length === 0
        ? {}
        : { managedFields: managers.map((one) => ({ operation: "Apply", ...one })) }),
    },
  };
}

/** A server that answers a dry run with an object, and is asked nothing else. */
function server(applied: KubernetesObject | Error) {
  const asked: unknown[] = [];
  const refuse = async () => {
    throw new Error("not asked for");
  };
  const client = {
    get: refuse,
    list: refuse,
    delete: refuse,
    logs: refuse,
    async apply(_object: KubernetesObject, options: object) {
      asked.push(options);
      if (applied instanceof Error) throw applied;
      return applied;
    },
  };
  return { client, asked };
}

const spec = (value: JsonObject) => ({ spec: value });
const ours = { "f:spec": { "f:replicas": {}, "f:paused": {} } };

describe("reading back what was asked for", () => {
  it("gives the very inputs when nothing differs, and asks no more", async () => {
    const inputs = object(spec({ replicas: 2 }));
    const live = object({ ...spec({ replicas: 2, revisionHistoryLimit: 10 }), status: { replicas: 2 } });
    const { client, asked } = server(live);
    expect(await inputsAsLive(client, inputs, live, "m", {})).toBe(inputs);
    expect(asked).toEqual([]);
  });

  it("shows what another has changed or removed, and not what it added beside", async () => {
    const inputs = object(spec({ replicas: 2, paused: true }));
    const live = object(spec({ replicas: 5, minReadySeconds: 3 }), [{ manager: "kubectl", fieldsV1: ours }]);
    const { client, asked } = server(object(spec({ replicas: 2, paused: true, minReadySeconds: 3 })));
    expect(await inputsAsLive(client, inputs, live, "m", {})).toEqual(object(spec({ replicas: 5 })));
    expect(asked).toEqual([{ fieldManager: "m", force: true, dryRun: true }]);
  });

  it("takes another form of the same for the same", async () => {
    const container = (cpu: string) => ({ name: "a", resources: { limits: { cpu, memory: "1Gi" } } });
    const inputs = object(spec({ replicas: 2, template: { containers: [container("0.5")] } }));
    const fields = {
      "f:spec": {
        "f:replicas": {},
        "f:template": {
          "f:containers": {
            'k:{"name":"a"}': {
              "f:name": {},
              "f:resources": { "f:limits": { "f:cpu": {}, "f:memory": {} } },
            },
          },
        },
      },
    };
    const live = object(
      spec({ replicas: 3, template: { containers: [{ ...container("500m"), image: "x" }] } }),
      [{ manager: "m", fieldsV1: fields }],
    );
    const applied = object(
      spec({ replicas: 2, template: { containers: [{ ...container("500m"), image: "x" }] } }),
      [{ manager: "m", fieldsV1: fields }],
    );
    const { client } = server(applied);
    expect(await inputsAsLive(client, inputs, live, "m", {})).toEqual({
      ...inputs,
      ...spec({ replicas: 3, template: { containers: [container("0.5")] } }),
    });
  });

  it("tells items of a list apart as the server does", async () => {
    const item = (name: string, value: string) => ({ name, value });
    const inputs = object(spec({ env: [item("A", "1"), item("B", "2"), item("C", "3")] }));
    const live = object(spec({ env: [item("sidecar", "x"), item("A", "1"), item("B", "9")] }), [
      {
        manager: "x",
        fieldsV1: {
          "f:spec": {
            "f:env": Object.fromEntries(
              ["A", "B", "C"].map((name) => [`k:{"name":"${name}"}`, { "f:name": {}, "f:value": {} }]),
            ),
          },
        },
      },
    ]);
    // One that may only read gets no dry run, and the differences as they are.
    const { client } = server(new UnderstudyError("May not patch.", { code: "forbidden" }));
    const found = await inputsAsLive(client, inputs, live, "m", {});
    expect(found.spec).toEqual({ env: [item("A", "1"), item("B", "9")] });
    const { client: broken } = server(new Error("a bug"));
    await expect(inputsAsLive(broken, inputs, live, "m", {})).rejects.toThrow("a bug");
  });

  it("shows all of a map that is one value to the server", async () => {
    const inputs = object(spec({ selector: { a: "1" } }));
    const live = object(spec({ selector: { a: "1", b: "2" } }), [
      { manager: "x", fieldsV1: { "f:spec": { "f:selector": {} } } },
    ]);
    const { client } = server(
      object(spec({ selector: { a: "1" } }), [
        { manager: "m", fieldsV1: { "f:spec": { "f:selector": {} } } },
      ]),
    );
    expect((await inputsAsLive(client, inputs, live, "m", {})).spec).toEqual({
      selector: { a: "1", b: "2" },
    });
  });

  it("finds in a Secret's data what was written as text", async () => {
    const secret = (content: JsonObject) => ({ ...object(content), apiVersion: "v1", kind: "Secret" });
    const data = (value: string) => ({ data: { TOKEN: Buffer.from(value).toString("base64") } });
    const inputs = secret({ stringData: { TOKEN: "a" } });
    const { client } = server(secret(data("a")));
    expect(await inputsAsLive(client, inputs, secret(data("a")), "m", {})).toBe(inputs);
    expect(await inputsAsLive(client, inputs, secret(data("b")), "m", {})).toMatchObject({
      stringData: { TOKEN: "b" },
    });
  });

  it("takes for an import what was applied in the package's name, else all but what the server made", () => {
    const content = {
      metadata: { uid: "u", resourceVersion: "1", labels: { a: "b" } },
      ...spec({ replicas: 2, paused: true }),
      status: {},
    };
    const applied = object(content, [
      { manager: "pulumi-kubernetes-abc", fieldsV1: { "f:spec": { "f:replicas": {} } } },
    ]);
    expect(inputsOfImport(applied)).toEqual(object(spec({ replicas: 2 })));
    const foreign = object(content, [{ manager: "kubectl", fieldsV1: ours }]);
    expect(inputsOfImport(foreign)).toEqual(
      object({ metadata: { labels: { a: "b" } }, ...spec({ replicas: 2, paused: true }) }),
    );
  });

  it("keeps no bookkeeping of the server's in the outputs", () => {
    const outputs = outputsOf(object({ metadata: { uid: "u" } }, [{ manager: "m", fieldsV1: {} }]), "m");
    expect(outputs).toEqual({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "web", namespace: "shop", uid: "u" },
      __fieldManager: "m",
      __initialApiVersion: "apps/v1",
    });
  });
});

describe("fields that the program leaves alone", () => {
  const replicas = [["spec", "replicas"]] as const;

  it("are left out where they are another's", () => {
    const live = object(spec({ replicas: 0 }), [
      { manager: "understudy", operation: "Update", fieldsV1: ours },
    ]);
    const asked = leavingAlone(object(spec({ replicas: 2, paused: true })), live, replicas, "m");
    expect(asked.spec).toEqual({ paused: true });
  });

  it("are given as they are where they are ours too: to leave one out would unset it", () => {
    const live = object(spec({ replicas: 5 }), [
      { manager: "m", fieldsV1: ours },
      { manager: "hpa", operation: "Update", fieldsV1: ours },
    ]);
    expect(leavingAlone(object(spec({ replicas: 2 })), live, replicas, "m").spec).toEqual({ replicas: 5 });
  });

  it("are found in lists, and not invented", () => {
    const containers = (image: string) => object(spec({ containers: [{ name: "a", image }, { name: "b" }] }));
    const fields = { "f:spec": { "f:containers": { 'k:{"name":"a"}': { "f:image": {} } } } };
    const live = { ...containers("2"), metadata: object({}, [{ manager: "x", fieldsV1: fields }]).metadata };
    const path = [["spec", "containers", 0, "image"]] as const;
    expect(leavingAlone(containers("1"), live, path, "m").spec).toEqual({
      containers: [{ name: "a" }, { name: "b" }],
    });
    const without = object(spec({ paused: true }));
    expect(leavingAlone(without, object(spec({ replicas: 5 })), replicas, "m")).toEqual(without);
  });
});

it("a resource's field manager is its own, and the one that it had before", () => {
  const urn = "urn:pulumi:mirror::shop::kubernetes:apps/v1:Deployment::web";
  expect(managerOf(urn, {})).toMatch(/^pulumi-kubernetes-[0-9a-f]{8}$/);
  expect(managerOf(urn, {})).not.toBe(managerOf(`${urn}2`, {}));
  expect(managerOf(urn, {}, { __fieldManager: "pulumi-kubernetes-cafe" })).toBe("pulumi-kubernetes-cafe");
  const annotated = { metadata: { annotations: { "pulumi.com/patchFieldManager": "mine" } } };
  expect(managerOf(urn, annotated, { __fieldManager: "x" })).toBe("mine");
  expect(managerOf(undefined, {})).toBe("pulumi-kubernetes");
});
