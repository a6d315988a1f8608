import { chdir, cwd } from "node:process";
import { expect, it, onTestFinished } from "vitest";
import { checkCommand } from "../../src/cli/commands/check.ts";
import { folderWith } from "../import/import.ts";
import { runCommand } from "./cli.ts";

async function checkIn(files: Readonly<Record<string, string>>): ReturnType<typeof runCommand> {
  const before = cwd();
  onTestFinished(() => chdir(before));
  chdir(await folderWith(files));
  return runCommand(checkCommand, "--to", "heroku", "--json");
}

it("a command without --app takes understudy.yaml", async () => {
  const { stdout, stderr } = await checkIn({ "understudy.yaml": "name: mine\n", Procfile: "web: x\n" });
  expect(JSON.parse(stdout)).toMatchObject({ app: "mine" });
  expect(stderr).toBe("");
});

it("else what the files there say, and says so", async () => {
  const { stdout, stderr } = await checkIn({ Procfile: "web: x\n" });
  expect(JSON.parse(stdout)).toMatchObject({ app: "shop" });
  expect(stderr).toContain("understudy import -o understudy.yaml");
});

it("else it tells what it looked for", async () => {
  const { exitCode, stdout } = await checkIn({});
  expect(exitCode).toBe(2);
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: "nothing-to-import" } });
});
