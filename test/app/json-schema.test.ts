import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { appJsonSchema, knownKeys } from "../../src/app/json-schema.ts";

it("the published JSON Schema is that of the code; if not, write it anew with: understudy schema > docs/understudy.schema.json", async () => {
  const published: unknown = JSON.parse(
    await readFile(new URL("../../docs/understudy.schema.json", import.meta.url), "utf8"),
  );
  expect(published).toEqual(appJsonSchema());
});

it("knows the keys of every place", () => {
  expect(knownKeys(["processes", "anything", "http"])).toContain("health");
  expect(knownKeys(["source"])).toEqual(["path", "git", "ref", "image"]);
  expect(knownKeys(["drains", 3])).toEqual(["url"]);
  expect(knownKeys(["config"])).toEqual([]);
});
