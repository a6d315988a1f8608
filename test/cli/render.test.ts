import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { writeArtifacts } from "../../src/cli/artifacts.ts";
import { renderCommand } from "../../src/cli/commands/render.ts";
import { folderWith } from "../import/import.ts";
import { temporaryFolder } from "../support/folder.ts";
import { runCommand } from "./cli.ts";

const app = { "understudy.yaml": "name: shop\nprocesses: { web: { command: node server.js } }\n" };

describe("understudy render", () => {
  it("writes what the platform's tools take, and again over its own files", async () => {
    const folder = await folderWith(app);
    const args = ["--to", "cloudfoundry", "-o", join(folder, "cf"), "--app", join(folder, "understudy.yaml")];
    expect((await runCommand(renderCommand, ...args)).stderr).toContain("wrote manifest.yml");
    expect(await readFile(join(folder, "cf", "manifest.yml"), "utf8")).toContain("node server.js");
    expect((await runCommand(renderCommand, ...args)).stderr).toContain("kept manifest.yml");
  });

  it("prints them with -o -", async () => {
    const folder = await folderWith(app);
    const { stdout } = await runCommand(
      renderCommand,
      "--to",
      "heroku",
      "-o",
      "-",
      "--app",
      join(folder, "understudy.yaml"),
    );
    expect(stdout).toContain("# Procfile\nweb: node server.js");
  });

  it("takes settings by their path", async () => {
    const folder = await folderWith(app);
    const { stdout } = await runCommand(
      renderCommand,
      ...["--to", "kubernetes", "-o", "-", "--app", join(folder, "understudy.yaml")],
      ...["--settings", "exposure.kind=ingress", "exposure.className=traefik", "drainSeconds=7"],
    );
    expect(stdout).toContain("ingressClassName: traefik");
    expect(stdout).toMatch(/preStop:\n\s+sleep:\n\s+seconds: 7/);
  });

  it.each([
    [["--to", "nowhere"], "unknown-platform"],
    [["--to", "heroku", "--role", "lead"], "unknown-role"],
    [["--to", "heroku", "--settings", "region"], "bad-setting"],
    [["--to", "heroku", "--settings", "regoin=eu"], "bad-setting"],
  ])("%j: exit 2", async (args, code) => {
    const folder = await folderWith(app);
    const { exitCode, stdout } = await runCommand(
      renderCommand,
      ...args,
      "-o",
      "-",
      "--app",
      join(folder, "understudy.yaml"),
      "--json",
    );
    expect(exitCode).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code } });
  });
});

describe("rendered files", () => {
  const files = (...paths: readonly string[]): { path: string; content: string }[] =>
    paths.map((path) => ({ path, content: `of ${path}` }));
  const keep = { force: false };

  it("never replace a file of somebody else's, not even one that was edited since; then none is written", async () => {
    const folder = await temporaryFolder();
    await writeArtifacts(folder, files("a", "sub/b"), keep);
    await writeFile(join(folder, "a"), "edited");
    const changed = [
      { path: "a", content: "new" },
      { path: "c", content: "new" },
    ];
    await expect(writeArtifacts(folder, changed, keep)).rejects.toMatchObject({
      code: "file-exists",
      message: expect.stringContaining("a"),
    });
    expect((await readdir(folder)).includes("c")).toBe(false);
    await writeArtifacts(folder, changed, { force: true });
    expect(await readFile(join(folder, "a"), "utf8")).toBe("new");
  });

  it("that are no longer rendered go, unless somebody edited them", async () => {
    const folder = await temporaryFolder();
    await writeArtifacts(folder, files("a", "b", "c"), keep);
    await writeFile(join(folder, "b"), "edited");
    await rm(join(folder, "c"));
    const written = await writeArtifacts(folder, files("d"), keep);
    expect(written).toEqual([
      { path: "d", change: "wrote" },
      { path: "a", change: "removed" },
    ]);
    expect(await readFile(join(folder, "b"), "utf8")).toBe("edited");
  });

  it("can't lie outside of the folder", async () => {
    await expect(writeArtifacts(await temporaryFolder(), files("../x"), keep)).rejects.toMatchObject({
      code: "bad-artifact",
    });
  });
});
