import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CommanderError } from "commander";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { localCommand } from "../../src/cli/commands/local.ts";
import { terminal } from "../../src/cli/terminal.ts";
import { stopLocal } from "../../src/local/down.ts";
import type { LocalInfo } from "../../src/local/info.ts";

let parent: string;
let folder: string;
let printed: string[];

beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), "understudy-test-"));
  folder = join(parent, "local");
});
beforeEach(() => {
  printed = [];
  process.exitCode = undefined;
  vi.spyOn(terminal, "print").mockImplementation((text) => void printed.push(text));
  vi.spyOn(terminal, "printJson").mockImplementation((value) => void printed.push(JSON.stringify(value)));
});
afterAll(async () => {
  process.exitCode = undefined;
  await stopLocal(folder);
  await rm(parent, { recursive: true, force: true });
});

/** What `understudy local ...` prints. */
async function local(...args: readonly string[]): Promise<string> {
  const command = localCommand();
  for (const child of [command, ...command.commands])
    child.exitOverride().configureOutput({ writeErr: () => {} });
  await command.parseAsync([...args, "--folder", folder], { from: "user" });
  return printed.join("\n");
}

test.each([
  [["fault", "nowhere"]],
  [["fault", "heroku", "--down", "everything"]],
  [["fault", "heroku", "--errors", "2"]],
  [["fault", "heroku", "--slow", "soon"]],
  [["up", "--port", "0"]],
  [["kill"]],
])("refuses %j before it does anything", async (args) => {
  await expect(local(...args)).rejects.toBeInstanceOf(CommanderError);
  await expect(stat(folder)).rejects.toMatchObject({ code: "ENOENT" });
});

test("nothing is up at first", async () => {
  await expect(local("status")).rejects.toMatchObject({ code: "not-up" });
  await expect(local("kill", "heroku")).rejects.toMatchObject({ code: "not-up" });
  await expect(local("fault", "heroku")).rejects.toMatchObject({ code: "not-up" });
  expect(await local("down")).toBe("No local platforms were up.");
});

test("up, fault, kill, start, status and down", async () => {
  const info = JSON.parse(await local("up", "--json")) as LocalInfo;
  printed = [];
  const text = await local("up");
  expect(text).toContain(info.heroku.url);
  for (const secret of [info.heroku.token, info.cloudfoundry.password, info.dns.key.secret]) {
    expect(text).not.toContain(secret);
  }
  printed = [];
  expect(await local("fault", "heroku", "--down", "control", "database", "--slow", "5")).toBe(
    "heroku: control down, database down, 5 ms slower",
  );
  printed = [];
  expect(await local("status")).toContain("heroku       runs as");
  printed = [];
  expect(await local("fault", "heroku", "--clear", "--errors", "0.5")).toBe("heroku: 50 % errors");
  printed = [];
  await local("fault", "heroku", "--clear");
  await local("kill", "cloudfoundry");
  printed = [];
  const status = JSON.parse(await local("status", "--json")) as { readonly parts: readonly object[] };
  expect(process.exitCode).toBe(1);
  expect(status.parts).toContainEqual({ part: "cloudfoundry", isRunning: false });
  process.exitCode = undefined;
  printed = [];
  expect(await local("start", "cloudfoundry")).toMatch(/^cloudfoundry is back, as process \d+\.$/);
  printed = [];
  await local("status", "--json");
  expect(process.exitCode).toBeUndefined();
  printed = [];
  expect(await local("down")).toBe("The local platforms are gone.");
  await expect(stat(folder)).rejects.toMatchObject({ code: "ENOENT" });
});
