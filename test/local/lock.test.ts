import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { withLock } from "../../src/local/lock.ts";
import { recordOf } from "../../src/local/runtime/process-identity.ts";
import { temporaryFolder } from "../support/folder.ts";

test("one at a time, and open again after work that failed", async () => {
  const folder = await temporaryFolder();
  const path = join(folder, "up.lock");
  const [begun, work] = [Promise.withResolvers<void>(), Promise.withResolvers<string>()];
  const first = withLock(path, () => {
    begun.resolve();
    return work.promise;
  });
  await begun.promise;
  const second = withLock(path, async () => "too early");
  await expect(second).rejects.toMatchObject({ code: "locked", rule: "one-at-a-time" });
  work.resolve("done");
  expect(await first).toBe("done");
  const failure = new Error("failed");
  await expect(withLock(path, () => Promise.reject(failure))).rejects.toBe(failure);
  expect(await withLock(path, async () => "again")).toBe("again");
  expect(await readdir(folder)).toEqual([]);
});

test("the lock of a process that died is taken over", async () => {
  const path = join(await temporaryFolder(), "up.lock");
  await writeFile(path, JSON.stringify({ ...recordOf(process.pid), ticks: "1" }));
  expect(await withLock(path, async () => "mine")).toBe("mine");
});
