import { mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fileIn, withFiles } from "../../../providers/heroku/archive/tar.ts";
import { run } from "../../../src/base/run.ts";
import { archiveFolder } from "../../../src/site/archive.ts";

const longPath = `deep/${"folder-with-a-long-name/".repeat(8)}file.txt`;

describe("files put over a source archive", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "understudy-tar-"));
    for (const [path, text] of [
      ["source/Procfile", "web: their own\n"],
      ["source/bin/start", "#!/bin/sh\n"],
      ["source/sub/Procfile", "not at the root\n"],
      [`source/${longPath}`, "long\n"],
    ] as const) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text, { mode: path.includes("bin/") ? 0o755 : 0o644 });
    }
    await symlink("bin/start", join(folder, "source/link"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function unpack(archive: Uint8Array, name: string): Promise<string> {
    const into = join(folder, name);
    await mkdir(into);
    await writeFile(`${into}.tgz`, archive);
    await run("tar", ["-xzf", `${into}.tgz`, "-C", into]);
    return into;
  }

  const makers = {
    "src/site": async () => readFile((await archiveFolder(join(folder, "source"), folder)).path),
    "GNU tar, with ./ and folders": async () => {
      await run("tar", ["--format=gnu", "-czf", join(folder, "gnu.tgz"), "-C", join(folder, "source"), "."]);
      return await readFile(join(folder, "gnu.tgz"));
    },
    "pax headers": async () => {
      await run("tar", ["--format=pax", "-czf", join(folder, "pax.tgz"), "-C", join(folder, "source"), "."]);
      return await readFile(join(folder, "pax.tgz"));
    },
  };

  it.each(Object.entries(makers))(
    "replaces and adds, and leaves the rest as it is: %s",
    async (name, make) => {
      const source = await make();
      expect(await fileIn(source, "Procfile")).toBe("web: their own\n");
      const upload = await withFiles(source, { Procfile: "web: ours\n", ".profile.d/a.sh": "export A=1\n" });
      const into = await unpack(upload, name.replaceAll(/\W+/g, "-"));
      const text = (path: string) => readFile(join(into, path), "utf8");
      expect(await text("Procfile")).toBe("web: ours\n");
      expect(await text(".profile.d/a.sh")).toBe("export A=1\n");
      expect(await text("sub/Procfile")).toBe("not at the root\n");
      expect(await text(longPath)).toBe("long\n");
      expect(await text("link")).toBe("#!/bin/sh\n");
      expect((await stat(join(into, "bin/start"))).mode & 0o111).not.toBe(0);
      const { stdout } = await run("tar", ["-tzf", `${into}.tgz`]);
      expect(stdout.split("\n").filter((path) => path.replace("./", "") === "Procfile")).toHaveLength(1);
    },
  );

  it("gives the same bytes for the same files", async () => {
    const source = await makers["src/site"]();
    const files = { b: "2", a: "1" };
    expect(await withFiles(source, files)).toEqual(await withFiles(source, { a: "1", b: "2" }));
  });

  it("makes an archive of files alone", async () => {
    const into = await unpack(await withFiles(undefined, { Dockerfile: "FROM scratch\n" }), "alone");
    expect(await readFile(join(into, "Dockerfile"), "utf8")).toBe("FROM scratch\n");
  });

  it("refuses what is no gzip'd tar, and one that was cut off", async () => {
    await expect(withFiles(Buffer.from("zip?"), {})).rejects.toMatchObject({ code: "bad-archive" });
    const whole = await withFiles(undefined, { a: "x".repeat(5000) });
    const { gunzipSync, gzipSync } = await import("node:zlib");
    const cut = gzipSync(gunzipSync(whole).subarray(0, 2048));
    await expect(withFiles(cut, {})).rejects.toMatchObject({
      code: "bad-archive",
      suggestion: expect.any(String),
    });
  });
});
