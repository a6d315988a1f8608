import pb from "@pulumi/pulumi/proto/provider_pb.js";
import { describe, expect, it } from "vitest";
import { changesBetween } from "../../../providers/plugin/diff.ts";
import { diffResponse } from "../../../providers/plugin/diff-response.ts";
import { foresee } from "../../../providers/plugin/foresee.ts";
import { unknownValue } from "../../../providers/plugin/wire.ts";
import type { JsonObject } from "../../../src/base/json.ts";

describe("a change", () => {
  function judge(olds: JsonObject, news: JsonObject, replaceOn: readonly string[]) {
    const changes = changesBetween(olds, news);
    const response = diffResponse({ olds, news, changes, replaceOn, deleteBeforeReplace: false });
    const { ADD_REPLACE, DELETE_REPLACE, UPDATE_REPLACE } = pb.PropertyDiff.Kind;
    const replacing: readonly number[] = [ADD_REPLACE, DELETE_REPLACE, UPDATE_REPLACE];
    const detailed = [...response.getDetaileddiffMap().entries()];
    return {
      diffs: response.getDiffsList(),
      replaces: response.getReplacesList(),
      detailed: detailed.filter(([, diff]) => replacing.includes(diff.getKind())).map(([path]) => path),
    };
  }

  it("deep inside of an input replaces only where its path says so", () => {
    const before = { metadata: { name: "a", labels: { x: "1" } }, spec: { size: 1 } };
    const labels = { ...before, metadata: { name: "a", labels: { x: "2" } } };
    expect(judge(before, labels, ["metadata.name"])).toEqual({
      diffs: ["metadata"],
      replaces: [],
      detailed: [],
    });
    const name = { ...before, metadata: { ...before.metadata, name: "b" } };
    expect(judge(before, name, ["metadata.name"])).toEqual({
      diffs: ["metadata"],
      replaces: ["metadata"],
      detailed: ["metadata.name"],
    });
    expect(judge(before, { ...before, spec: { size: 2 } }, ["spec"]).detailed).toEqual(["spec.size"]);
  });

  it("of a whole branch replaces when what the path means came, went, or isn't known", () => {
    const before = { spec: { selector: { a: "b" } } };
    expect(judge(before, {}, ["spec.selector.a"]).replaces).toEqual(["spec"]);
    expect(judge({}, before, ["spec.selector.a"]).replaces).toEqual(["spec"]);
    expect(judge(before, { spec: unknownValue }, ["spec.selector.a"]).replaces).toEqual(["spec"]);
    expect(judge(before, { spec: unknownValue }, ["spec.other"]).replaces).toEqual([]);
  });

  it("of anything replaces where everything does", () => {
    expect(judge({ a: 1, b: { c: 1 } }, { a: 2, b: { c: 2 } }, ["*"]).replaces).toEqual(["a", "b"]);
  });
});

describe("the outputs of an update that is only previewed", () => {
  it("are unknown where the platform adds to what the program gives", () => {
    const foreseen = foresee({
      olds: {
        metadata: { name: "a", uid: "u", resourceVersion: "1", labels: { gone: "x" } },
        status: { ready: true },
      },
      oldInputs: { metadata: { name: "a", labels: { gone: "x" } } },
      inputs: { metadata: { name: "a", labels: { made: "y" } } },
      stableOutputs: ["metadata.uid"],
    });
    expect(foreseen).toEqual({
      metadata: { name: "a", uid: "u", resourceVersion: unknownValue, labels: { made: "y" } },
    });
  });
});
