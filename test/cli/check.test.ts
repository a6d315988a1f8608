import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { checkCommand } from "../../src/cli/commands/check.ts";
import { platformNames } from "../../src/platform/registry.ts";
import { folderWith } from "../import/import.ts";
import { runCommand } from "./cli.ts";

async function check(text: string, ...args: readonly string[]): ReturnType<typeof runCommand> {
  const folder = await folderWith({ "understudy.yaml": text });
  return runCommand(checkCommand, "--app", join(folder, "understudy.yaml"), ...args);
}

const small = "name: shop\n";
const large = "name: shop\nprocesses:\n  web: { size: { diskMb: 5000 }, stopGraceSeconds: 99 }\n";

describe("understudy check", () => {
  it("tells each platform's verdict, the worst first, within the width", async () => {
    const { stdout } = await check(large);
    for (const title of ["shop on Heroku", "shop on Cloud Foundry"]) expect(stdout).toContain(title);
    const heroku = stdout.slice(stdout.indexOf("shop on Heroku"));
    expect(heroku.indexOf("dropped")).toBeLessThan(heroku.indexOf("approximated"));
    expect(heroku).toMatch(/\d+ exact, \d+ approximated, \d+ manual, 1 dropped/);
    for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
  });

  it("exits with 0 when nothing is dropped, else with 3; --strict also minds approximations", async () => {
    expect((await check(small, "--to", "heroku")).exitCode).toBe(0);
    expect((await check(large, "--to", "heroku")).exitCode).toBe(3);
    const graceful = "name: shop\nprocesses: { web: { stopGraceSeconds: 99 } }\n";
    expect((await check(graceful, "--to", "heroku")).exitCode).toBe(0);
    expect((await check(graceful, "--to", "heroku", "--strict")).exitCode).toBe(3);
  });

  it("--json gives every field of every platform", async () => {
    const { stdout } = await check(large, "--json");
    const result = JSON.parse(stdout) as {
      faithful: boolean;
      platforms: { platform: string; fields: { field: string }[] }[];
    };
    expect(result.faithful).toBe(false);
    expect(result.platforms.map((item) => item.platform)).toEqual(platformNames);
    for (const { fields } of result.platforms)
      expect(fields.map((item) => item.field)).toContain("processes.web.size.diskMb");
  });

  it.each([
    [["--to", "herku"], "unknown-platform"],
    [["--app", "/nowhere/understudy.yaml"], "no-file"],
  ])("%j: exit 2", async (args, code) => {
    const { exitCode, stdout } = await runCommand(checkCommand, ...args, "--json");
    expect(exitCode).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code } });
  });
});
