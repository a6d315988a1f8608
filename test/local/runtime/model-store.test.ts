import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createModelStore } from "../../../src/local/runtime/model-store.ts";
import { temporaryFolder } from "../../support/folder.ts";

test("keeps the last of many values, readable by its owner only", async () => {
  const folder = await temporaryFolder();
  const store = createModelStore(folder);
  expect(await store.load()).toBeUndefined();
  const saves = Array.from({ length: 50 }, (_, value) => store.save({ value }));
  await Promise.all(saves);
  expect(await store.load()).toEqual({ value: 49 });
  expect(await readdir(folder)).toEqual(["model.json"]);
  expect((await stat(join(folder, "model.json"))).mode & 0o777).toBe(0o600);
  void store.save({ value: 50 });
  await store.flush();
  expect(JSON.parse(await readFile(join(folder, "model.json"), "utf8"))).toEqual({ value: 50 });
});

test("names a file that is damaged", async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, "model.json"), '{"value":');
  await expect(createModelStore(folder).load()).rejects.toMatchObject({
    code: "damaged-file",
    path: join(folder, "model.json"),
  });
});

test("tells each who saves when it can't be written", async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, "file"), "");
  const store = createModelStore(join(folder, "file"));
  await expect(Promise.all([store.save(1), store.save(2)])).rejects.toThrow();
});
