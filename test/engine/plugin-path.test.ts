import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { standIn } from "../../src/cli/stand-in.ts";
import { findPlugin } from "../../src/engine/plugin-path.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "understudy-plugins-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function executable(...path: string[]): string {
  const file = join(folder, ...path, "pulumi-resource-wood");
  mkdirSync(join(folder, ...path), { recursive: true });
  writeFileSync(file, "#!/bin/sh\n");
  chmodSync(file, 0o755);
  return file;
}

const request = { name: "wood", version: "1.2.3" };
const standing = { command: "node", args: ["wood.ts"] };
const standIns = async (name: string) => (name === "wood" ? standing : undefined);
const find = (plugins: Parameters<typeof findPlugin>[1] = []) =>
  findPlugin(request, plugins, { PATH: join(folder, "bin"), PULUMI_HOME: join(folder, "home") }, standIns);

it("takes the project's own plugin before one on PATH, that before an installed one, and a stand-in last", async () => {
  expect(await find()).toEqual(standing);
  const installed = executable("home", "plugins", "resource-wood-v1.2.3");
  expect(await find()).toEqual({ command: installed, args: [], folder: join(installed, "..") });
  const onPath = executable("bin");
  expect((await find()).command).toBe(onPath);
  const own = executable("own");
  expect((await find([{ name: "wood", folder: join(folder, "own"), version: undefined }])).command).toBe(own);
});

it("takes a stand-in before an installed plugin of another version", async () => {
  executable("home", "plugins", "resource-wood-v1.2.4");
  expect(await find()).toEqual(standing);
});

it("says what is missing where nothing stands in", async () => {
  const env = { PATH: "", PULUMI_HOME: folder };
  await expect(findPlugin(request, [], env)).rejects.toThrow("no plugin for the package 'wood' 1.2.3");
});

it("finds a program for each package that a platform's resources need, and for no other", async () => {
  const found = await standIn("kubernetes");
  expect(found?.command).toBe(process.execPath);
  expect(found?.args).toEqual([expect.stringMatching(/providers\/package-main\.ts$/), "kubernetes"]);
  expect(await standIn("aws")).toBeUndefined();
});
