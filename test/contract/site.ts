import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/base/json.ts";
import { parsePath, valueAt } from "../../src/base/property-path.ts";
import { sampleApp, sampleSecrets } from "./sample.ts";
import { type Suite, until } from "./suite.ts";

/** How a site is made, read back, changed and deleted by the handlers of its resources. */
export function keepsSites(suite: Suite): void {
  describe("site", () => {
    it("stands up in one go and answers through the router", async () => {
      const changes = await suite.stack.up(suite.render(suite.app));
      expect(changes.created).toEqual(expect.arrayContaining([...suite.stack.kept.keys()]));
      const { body } = await suite.answers("contract.example.com");
      expect(body).toMatchObject({ color: "green", token: sampleSecrets.SAMPLE_TOKEN });
      expect(body).toMatchObject({
        database: expect.stringMatching(/^postgres/),
        cache: expect.stringMatching(/^redis/),
      });
    });

    it("says where DNS must point", () => {
      const { traffic } = suite.render(suite.app);
      if (traffic === undefined || !("$output" in traffic))
        throw new Error("An app with a domain has no traffic target.");
      const target = suite.stack.output(traffic.$output.resource, traffic.$output.property);
      expect(target).toMatchObject({
        type: expect.stringMatching(/^(A|AAAA|CNAME)$/),
        values: [expect.any(String)],
      });
    });

    it("changes nothing the second time", async () => {
      const changes = await suite.stack.up(suite.render(suite.app));
      expect({ ...changes, same: [] }).toEqual({
        created: [],
        updated: [],
        replaced: [],
        deleted: [],
        same: [],
      });
    });

    it("reads back exactly what was written", async () => {
      for (const [name, kept] of suite.stack.kept) {
        const reading = await suite.stack.read(name);
        // Of an object of someone else's package the outputs are all of it, which its controllers write to.
        const outputs = kept.type.startsWith("understudy:") ? kept.outputs : expect.anything();
        expect(reading, name).toEqual({ id: kept.id, inputs: kept.inputs, outputs });
      }
    });

    it("reads each resource by its id alone, in a form that its own schema takes", async () => {
      for (const [name, kept] of suite.stack.kept) {
        const reading = await suite.stack.readById(name);
        expect(reading?.id, name).toBe(kept.id);
        const handler = suite.stack.handler(kept.type);
        expect(() => handler.inputs.parse(reading?.inputs), name).not.toThrow();
        for (const key of handler.replaceOn) {
          const [found, wanted] = [reading?.inputs, kept.inputs].map((all) => valueAt(all, parsePath(key)));
          // By its id alone, what others have added to a list of ours can't be told apart from it.
          if (typeof wanted === "object") expect(found, `${name}.${key}`).toMatchObject(wanted as JsonObject);
          else expect(found, `${name}.${key}`).toEqual(wanted);
        }
      }
    });

    it("updates one resource when one config value changes", async () => {
      const changed = sampleApp("contract", { config: { COLOR: "blue" } });
      const changes = await suite.stack.up(suite.render(changed));
      expect({ ...changes, same: [] }).toMatchObject({ created: [], replaced: [], deleted: [] });
      const reached = suite.harness.configReaches;
      if (reached === undefined) expect(changes.updated).toHaveLength(1);
      else expect(changes.updated.toSorted()).toEqual(reached.toSorted());
      await until(async () => (await suite.visit("contract.example.com")).body.color === "blue");
    });

    it("puts back what someone else changed", async () => {
      await suite.control.setConfig({ COLOR: "red" });
      const drifted = [...suite.stack.kept.keys()];
      const changed: string[] = [];
      for (const name of drifted) {
        const reading = await suite.stack.read(name);
        const kept = suite.stack.kept.get(name);
        if (JSON.stringify(reading?.inputs) !== JSON.stringify(kept?.inputs)) changed.push(name);
      }
      expect(changed).toHaveLength(1);
      await suite.control.setConfig({ COLOR: "blue" });
    });
  });
}

/** What is left when a site is deleted: nothing. */
export function deletesSites(suite: Suite): void {
  describe("end", () => {
    it("deletes what it made, in reverse, and leaves nothing", async () => {
      const made = new Map(suite.stack.kept);
      await suite.stack.destroy();
      for (const [name, kept] of made) {
        const handler = suite.stack.handler(kept.type);
        const reading = await handler.read(suite.stack.context(), kept.id, kept);
        if (suite.harness.lasting?.includes(kept.type) !== true) expect(reading, name).toBeUndefined();
      }
      expect((await suite.visit("contract.example.com")).status).not.toBe(200);
    });

    it("takes what is gone already as deleted", async () => {
      const gone = suite.newStack();
      const small = sampleApp("contract-gone", { services: {} });
      await gone.up(suite.render(small));
      const made = [...gone.kept.entries()].reverse();
      await gone.destroy();
      for (const [, kept] of made) await gone.handler(kept.type).delete(gone.context(), kept);
    });
  });
}
