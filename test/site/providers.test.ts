import * as pulumi from "@pulumi/pulumi";
import { beforeAll, expect, it } from "vitest";
import { z } from "zod";
import type { App } from "../../src/app/schema.ts";
import type { JsonObject } from "../../src/base/json.ts";
import { outputOf, type Platform, type RenderedResource } from "../../src/platform/contract.ts";
import { Site } from "../../src/site/site.ts";

interface Registered {
  readonly type: string;
  readonly name: string;
  readonly inputs: JsonObject;
  readonly provider: string | undefined;
}

const registered: Registered[] = [];

beforeAll(async () => {
  await pulumi.runtime.setMocks({
    call: () => ({}),
    newResource({ type, name, inputs, provider }) {
      registered.push({ type, name, inputs, provider });
      return { id: `id-of-${name}`, state: { ...inputs, metadata: { resourceVersion: "7" } } };
    },
  });
});

/** A platform whose objects are of a package of somebody else's. */
function platform(resources: readonly RenderedResource[]): Platform {
  const unused = () => {
    throw new Error("not asked for");
  };
  return {
    name: "shelf",
    title: "Shelf",
    settings: z.record(z.string(), z.json()),
    connection: z.record(z.string(), z.json()),
    access: {},
    capabilities: { platform: "shelf", fields: [] } as unknown as Platform["capabilities"],
    render: () => ({ resources, artifacts: [], fidelity: [] }),
    connect: unused,
    resources: {},
    package: {
      name: "wood",
      version: "1.2.3",
      config: ({ url }) => ({ address: `${url}/api`, strict: "true" }),
      configKeys: ["address", "strict"],
      placeKeys: ["address"],
      connection: unused,
      handler: unused,
    },
  };
}

const app = { name: "shop", secrets: {} } as unknown as App;

async function stand(name: string, resources: readonly RenderedResource[]): Promise<readonly Registered[]> {
  registered.length = 0;
  new Site(name, {
    app,
    platform: platform(resources),
    connection: { url: "https://shelf" },
    role: "active",
  });
  await pulumi.runtime.disconnect();
  return registered;
}

it("gives each resource the provider of its package, made of the site's connection", async () => {
  const found = await stand("mirror", [
    { type: "wood:core/v1:Box", name: "box", inputs: { size: 1 } },
    {
      type: "understudy:shelf:Lid",
      name: "lid",
      inputs: { box: outputOf("box", "metadata.resourceVersion") },
    },
    { type: "wood:core/v1:Box", name: "other", inputs: {} },
  ]);
  const byName = new Map(found.map((one) => [`${one.type} ${one.name}`, one]));
  expect(byName.get("pulumi:providers:wood mirror-wood")?.inputs).toMatchObject({
    address: { value: "https://shelf/api" },
    strict: { value: "true" },
  });
  expect(byName.get("pulumi:providers:understudy mirror")?.inputs).toMatchObject({ platform: "shelf" });
  for (const name of ["mirror-box", "mirror-other"]) {
    expect(byName.get(`wood:core/v1:Box ${name}`)?.provider).toContain(
      "pulumi:providers:wood::mirror-wood::",
    );
  }
  const lid = byName.get("understudy:shelf:Lid mirror-lid");
  expect(lid?.provider).toContain("pulumi:providers:understudy::mirror::");
  expect(lid?.inputs).toMatchObject({ box: "7" });
});

it("makes no provider that no resource needs", async () => {
  const found = await stand("primary", [{ type: "understudy:shelf:Lid", name: "lid", inputs: {} }]);
  expect(found.map(({ type }) => type)).not.toContain("pulumi:providers:wood");
});

it("refuses a resource of a package that the platform doesn't name", async () => {
  await expect(stand("odd", [{ type: "stone:x:Wall", name: "wall", inputs: {} }])).rejects.toThrow(
    "Shelf renders stone:x:Wall, and names no package",
  );
});
