import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadApp } from "../../src/app/load.ts";
import { parseAppText } from "../../src/app/text.ts";
import { importCommand } from "../../src/cli/commands/import.ts";
import { folderWith } from "../import/import.ts";
import { runCommand } from "./cli.ts";

const files = {
  Procfile: "# ours\nweb: node server.js\nworker: node work.js\n",
  "app.json": JSON.stringify(
    { name: "shop", keywords: ["a", "b"], env: { A: "1" }, addons: ["scheduler", "sendgrid"] },
    undefined,
    2,
  ),
};

describe("understudy import", () => {
  it("prints YAML to stdout, and all that a person should know to stderr", async () => {
    const { exitCode, stdout, stderr } = await runCommand(importCommand, await folderWith(files));
    expect(exitCode).toBe(0);
    expect(parseAppText(stdout, "stdout").name).toBe("shop");
    expect(stderr).toContain("app.json:11 /addons/0");
    expect(stderr).toMatch(/12 keys and lines read: 6 carried, 1 approximated, 1 dropped, 4 ignored/);
  });

  it("--json prints {app, notes, sources} and nothing else", async () => {
    const { stdout, stderr } = await runCommand(importCommand, await folderWith(files), "--json");
    const result = JSON.parse(stdout) as Record<string, unknown>;
    expect(Object.keys(result)).toEqual(["app", "notes", "sources"]);
    expect(stderr).toBe("");
    expect(result.sources).toContainEqual({
      file: "app.json",
      pointer: "/env/A",
      line: 8,
      status: "carried",
      to: "config.A",
    });
  });

  it("writes a file, but not over one that is there, unless forced", async () => {
    const folder = await folderWith(files);
    const output = join(folder, "understudy.yaml");
    expect((await runCommand(importCommand, folder, "-o", output)).exitCode).toBe(0);
    expect((await loadApp(output)).name).toBe("shop");
    await writeFile(output, "mine");
    const refused = await runCommand(importCommand, folder, "-o", output);
    expect(refused).toMatchObject({ exitCode: 4, stderr: expect.stringContaining("--force") });
    expect(await readFile(output, "utf8")).toBe("mine");
    expect((await runCommand(importCommand, folder, "-o", output, "--force")).exitCode).toBe(0);
  });

  it("takes a manifest's variables from options and files", async () => {
    const folder = await folderWith({
      "m.yml": "applications:\n- { name: shop, instances: ((n)), memory: ((size)) }\n",
      "vars.yml": "n: 2\nsize: 64M\n",
    });
    const args = ["--manifest", "m.yml", "--vars-file", join(folder, "vars.yml"), "--var", "n=5", "--json"];
    const { stdout } = await runCommand(importCommand, folder, ...args);
    expect(JSON.parse(stdout)).toMatchObject({
      app: { processes: { web: { scale: { count: 5 }, size: { memoryMb: 64 } } } },
    });
  });

  it.each([
    ["a malformed file", { "app.json": '{\n"a" 1}' }, [], { code: "bad-json", file: "app.json", line: 2 }],
    ["no file", {}, [], { code: "nothing-to-import" }],
    ["a bad --var", files, ["--var", "n"], { code: "bad-variable" }],
    ["a missing vars file", files, ["--vars-file", "/nowhere/vars.yml"], { code: "bad-vars-file" }],
  ])("%s: exit 2 and one JSON object", async (_, given, args, problem) => {
    const { exitCode, stdout } = await runCommand(importCommand, await folderWith(given), "--json", ...args);
    expect(exitCode).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ error: { problems: [problem] } });
  });
});
