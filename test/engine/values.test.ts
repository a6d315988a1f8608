import fc from "fast-check";
import { expect, test } from "vitest";
import type { Json, JsonObject } from "../../src/base/json.ts";
import { formatPath, parsePath } from "../../src/base/property-path.ts";
import { compareProperties, shown } from "../../src/engine/diff.ts";
import { getPath, ignoreChanges } from "../../src/engine/property-path.ts";
import { guardSecrets, secretStrings } from "../../src/engine/secrecy.ts";
import {
  hasSecret,
  lowerOutputs,
  plainProperties,
  sameValue,
  secret,
  signatureKey,
  unknownValue,
} from "../../src/engine/values.ts";

const json = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<Json>;
const properties = fc.dictionary(fc.string(), json) as fc.Arbitrary<JsonObject>;

test("a path is read as it is written", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.string({ minLength: 1 }).filter((key) => !key.includes("\\")),
          fc.nat(99),
        ),
        { minLength: 1 },
      ),
      (segments) => {
        expect(parsePath(formatPath(segments))).toEqual(segments);
      },
    ),
  );
  expect(parsePath('a.b[0]["c.d"][*].e')).toEqual(["a", "b", 0, "c.d", "*", "e"]);
  for (const bad of ["", ".a", "a.", "a[", "a[x]"]) {
    expect(() => parsePath(bad)).toThrow(expect.objectContaining({ code: "bad-property-path" }));
  }
});

test("properties differ from themselves in nothing, and secrets are equal to what they hold", () => {
  fc.assert(
    fc.property(properties, (value) => {
      expect(compareProperties(value, value)).toEqual([]);
      const hidden = Object.fromEntries(Object.entries(value).map(([key, item]) => [key, secret(item)]));
      expect(sameValue(value, hidden)).toBe(true);
      expect(compareProperties(hidden, value)).toEqual([]);
      expect(plainProperties(hidden)).toEqual(value);
    }),
  );
});

test("ignoring everything that changed gives what was", () => {
  fc.assert(
    fc.property(properties, properties, (current, wanted) => {
      const paths = [...new Set([...Object.keys(current), ...Object.keys(wanted)])]
        .filter((key) => key !== "*" && key !== "" && !key.includes("\\"))
        .map((key) => formatPath([key]));
      const result = ignoreChanges(paths, current, wanted);
      for (const path of paths)
        expect(getPath(result, parsePath(path))).toEqual(getPath(current, parsePath(path)));
    }),
  );
  expect(ignoreChanges(["*"], { a: 1 }, { a: 2, b: 3 })).toEqual({ a: 1 });
  expect(
    ignoreChanges(
      ["a.x", "list[0].y"],
      { a: { x: 1 }, list: [{ y: 1 }] },
      { a: { x: 2, z: 3 }, list: [{ y: 2 }] },
    ),
  ).toEqual({ a: { x: 1, z: 3 }, list: [{ y: 1 }] });
  // What leads to a property is not invented, and a list keeps its length.
  expect(ignoreChanges(["a.b.c", "list[5]"], { a: { b: { c: 1 } }, list: [1, 2, 3] }, { list: [9] })).toEqual(
    { list: [9] },
  );
  const hidden = ignoreChanges(["a.b"], { a: secret({ b: 1 }) }, { a: { b: 2 } });
  expect(hidden).toEqual({ a: { b: secret(1) } });
});

test("changes are shown without secrets, with where they lie", () => {
  const before = { a: 1, gone: true, deep: { list: [1, 2], word: secret("x") } };
  const after = { a: 2, deep: { list: [1, 3], word: "x2" }, added: unknownValue };
  expect(compareProperties(before, after)).toEqual([
    { path: "a", kind: "update", replaces: false, before: 1, after: 2 },
    { path: "added", kind: "add", replaces: false, after: "<computed>" },
    { path: "deep.list[1]", kind: "update", replaces: false, before: 2, after: 3 },
    { path: "deep.word", kind: "update", replaces: false, before: "[secret]", after: "[secret]" },
    { path: "gone", kind: "delete", replaces: false, before: true },
  ]);
  expect(shown({ a: [secret("b")] })).toEqual({ a: ["[secret]"] });
});

test("no text of a secret input stays in clear in the outputs", () => {
  const word = fc.string({ minLength: 8, maxLength: 20 });
  fc.assert(
    fc.property(
      word,
      properties,
      fc.dictionary(fc.string(), fc.oneof(word, json)),
      (text, inputs, others) => {
        const outputs = {
          ...others,
          copy: text,
          inside: [`https://user:${text}@host`, { deep: text }],
        } as JsonObject;
        const guarded = guardSecrets(outputs, { ...inputs, password: secret(text) });
        expect(plainProperties(guarded)).toEqual(plainProperties(outputs));
        const clear = JSON.stringify(shown(guarded));
        expect(clear.includes(JSON.stringify(text).slice(1, -1))).toBe(false);
      },
    ),
  );
  expect(secretStrings({ a: secret({ b: ["text", 1] }), c: "clear" })).toEqual(["text"]);
  expect(hasSecret(guardSecrets({ a: { b: 1 }, c: 2 }, { a: { b: secret(1) } }).a)).toBe(true);
  expect(hasSecret(guardSecrets({ a: 1 }, {}, ["a"]).a)).toBe(true);
});

test("output values become what they hold", () => {
  const output = (rest: JsonObject): JsonObject => ({
    [signatureKey]: "d0e6a833031e9bbcd3f4e8bde6ca49a4",
    ...rest,
  });
  expect(
    lowerOutputs({
      known: output({ value: 1 }),
      unknown: output({}),
      hidden: output({ value: "x", secret: true }),
    }),
  ).toEqual({ known: 1, unknown: unknownValue, hidden: secret("x") });
});
