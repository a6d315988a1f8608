import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { importFolder } from "../../src/import/folder.ts";
import { folderWith, importFiles, noteCodes, problemsIn, statusOf } from "./import.ts";

const herokuYml = "build:\n  docker: { web: Dockerfile }\nrun: { web: from-yml }\n";

describe("the files of a folder", () => {
  it("are merged: each says what it knows, and the overruled is accounted for", async () => {
    const result = await importFiles({
      "app.json": { name: "shop", buildpacks: ["heroku/ruby"] },
      "heroku.yml": herokuYml,
      Procfile: "web: from-procfile\n",
    });
    // Buildpacks beside a Procfile, and no stack: not the container stack.
    expect(result.app).toMatchObject({
      build: { buildpacks: ["heroku/ruby"] },
      processes: { web: { command: "from-procfile" } },
    });
    expect(statusOf(result, "/run/web")).toBe("ignored");
    expect(noteCodes(result)).toContain("heroku-yml-unused");
  });

  it("on the container stack heroku.yml counts, not the Procfile", async () => {
    const result = await importFiles({
      "app.json": { stack: "container", buildpacks: ["heroku/ruby"] },
      "heroku.yml": herokuYml,
      Procfile: "web: from-procfile\n",
    });
    expect(result.app).toMatchObject({
      build: { dockerfile: "Dockerfile" },
      processes: { web: { command: "from-yml" } },
    });
    expect(result.app.build.buildpacks).toBeUndefined();
    expect(statusOf(result, 1)).toBe("ignored");
    expect(statusOf(result, "/buildpacks/0")).toBe("ignored");
  });

  it("on the container stack the buildpacks do not count, and no word is lost on them", async () => {
    const result = await importFiles({
      "app.json": { stack: "container", buildpacks: ["https://github.com/a/b"] },
      "heroku.yml": herokuYml,
    });
    expect(noteCodes(result)).not.toContain("unpinned-buildpack");
  });

  it("convox.yml takes the Procfile's place, unless another platform's file is there", async () => {
    const files = {
      "convox.yml": "services: { api: { build: . } }\n",
      Procfile: "web: from-procfile\n",
    };
    const alone = await importFiles(files);
    expect(Object.keys(alone.app.processes)).toEqual(["api"]);
    expect(statusOf(alone, 1)).toBe("ignored");
    expect(noteCodes(alone)).toContain("procfile-unused");
    const both = await importFiles({ ...files, "app.json": { name: "shop" } });
    expect(both.app.processes.web?.command).toBe("from-procfile");
  });

  it("on another stack heroku.yml does not count", async () => {
    const result = await importFiles({ "app.json": { stack: "heroku-24" }, "heroku.yml": herokuYml });
    expect(result.app.build.dockerfile).toBeUndefined();
    expect(result.app.processes.web?.command).toBeUndefined();
  });

  it("of several platforms: what the more trusted one says counts", async () => {
    const result = await importFiles({
      "app.json": { name: "shop", formation: { web: { quantity: 3 } } },
      "manifest.yml": "applications:\n- { name: store, instances: 2, memory: 1G }\n",
    });
    expect(result.app).toMatchObject({
      name: "shop",
      processes: { web: { scale: { count: 3 }, size: { memoryMb: 1024 } } },
    });
    const name = result.sources.find(({ pointer }) => pointer === "/applications/0/name");
    expect(name).toMatchObject({ status: "ignored", reason: "app.json says otherwise and takes precedence" });
  });

  it("that name no process still give a web process, and say so", async () => {
    const result = await importFiles({ "app.json": { name: "shop" } });
    expect(Object.keys(result.app.processes)).toEqual(["web"]);
    expect(noteCodes(result)).toContain("assumed-web");
  });

  it("that can't be read are all told at once", async () => {
    const problems = await problemsIn({ "app.json": "{", Procfile: "nothing", "heroku.yml": "a: [" });
    expect(new Set(problems.map((problem) => problem.file))).toEqual(
      new Set(["app.json", "heroku.yml", "Procfile"]),
    );
  });
});

describe("a folder that can't be imported", () => {
  it("has none of the files", async () => {
    const [problem] = await problemsIn({ "readme.md": "x", "Procfile.dev": "web: x" });
    expect(problem).toMatchObject({
      code: "nothing-to-import",
      message: expect.stringContaining("Procfile"),
    });
  });

  it("is not there, or is a file", async () => {
    const folder = await folderWith({ Procfile: "web: x\n" });
    await expect(importFolder(join(folder, "gone"))).rejects.toMatchObject({ code: "no-folder" });
    await expect(importFolder(join(folder, "Procfile"))).rejects.toMatchObject({ code: "no-folder" });
    await expect(importFolder(folder, { manifest: "gone.yml" })).rejects.toMatchObject({
      code: "unreadable",
    });
  });

  it("holds a file in another encoding", async () => {
    const folder = await folderWith({});
    await writeFile(join(folder, "Procfile"), Buffer.from("web: x\n", "utf16le"));
    await expect(importFolder(folder)).rejects.toMatchObject({ code: "not-text" });
  });

  it.skipIf(process.getuid?.() === 0)("holds a file that may not be read (root may read all)", async () => {
    const folder = await folderWith({ Procfile: "web: x\n" });
    await chmod(join(folder, "Procfile"), 0);
    await expect(importFolder(folder)).rejects.toMatchObject({ code: "unreadable" });
  });
});
