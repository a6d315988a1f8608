import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { resources } from "../../../providers/kubernetes/resources.ts";
import type { JsonObject } from "../../../src/base/json.ts";
import { PartialCreateError } from "../../../src/platform/partial.ts";
import { archiveFolder } from "../../../src/site/archive.ts";

const digest = `sha256:${"ab".repeat(32)}`;

/** Stands for a tool: writes down how it was called, and says what the real one says. */
const tools: Readonly<Record<string, string>> = {
  docker: `case "$1" in image) echo '["other.example.com/app@sha256:00","registry.example.com/team/app@${digest}"]';; esac`,
  podman: `case "$1" in push) echo "${digest}" > "$3";; esac`,
  pack: `while [ $# -gt 0 ]; do [ "$1" = --report-output-dir ] && printf '[image]\\ndigest = "${digest}"\\n' > "$2/report.toml"; shift; done`,
};

describe("an image", () => {
  const handler = resources["understudy:kubernetes:Image"];
  let folder: string;
  let path: string | undefined;
  let lines: string[];
  let archive: { readonly path: string; readonly sha256: string };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "understudy-image-test-"));
    await mkdir(join(folder, "source/deep"), { recursive: true });
    await mkdir(join(folder, "bin"));
    await writeFile(join(folder, "source/deep/Dockerfile"), "FROM scratch\n");
    archive = await archiveFolder(join(folder, "source"), join(folder, "archives"));
    path = process.env.PATH;
    process.env.PATH = ["/usr/bin", "/bin"].join(delimiter);
    lines = [];
  });
  afterEach(async () => {
    process.env.PATH = path;
    await rm(folder, { recursive: true, force: true });
  });

  /** Puts a tool on PATH, before what may be there under its name. */
  async function install(name: string, script = tools[name] ?? "", check = "exit 0"): Promise<void> {
    const file = join(folder, "bin", name);
    const shell = `#!/bin/sh\necho "$0" "$@" >> ${folder}/calls\ncase "$1" in info|version) ${check};; esac\n${script}\n`;
    await writeFile(file, shell);
    await chmod(file, 0o755);
    process.env.PATH = [join(folder, "bin"), "/usr/bin", "/bin"].join(delimiter);
  }
  const calls = async () =>
    (await readFile(join(folder, "calls"), "utf8")).replaceAll(join(folder, "bin/"), "");

  const inputs = (changes: JsonObject = {}): JsonObject =>
    handler?.inputs.parse({
      registry: "registry.example.com/team",
      name: "app",
      archive: archive.path,
      sha256: archive.sha256,
      ...changes,
    }) as JsonObject;
  const context = (signal = new AbortController().signal) => ({
    connection: { url: "https://127.0.0.1:1", token: "t" },
    log: { info: (line: string) => lines.push(line), warn: (line: string) => lines.push(line) },
    signal,
  });
  const create = async (changes: JsonObject = {}, signal?: AbortSignal) =>
    await handler?.create(context(signal), inputs(changes));

  it("is built by docker from a Dockerfile, with its folder as context, and pushed under the source's hash", async () => {
    await install("docker");
    const made = await create({ dockerfile: "deep/Dockerfile", args: { VERSION: "2" } });
    const image = `registry.example.com/team/app@${digest}`;
    expect(made).toEqual({ id: "registry.example.com/team/app", outputs: { image, digest } });
    const tag = `registry.example.com/team/app:${archive.sha256.slice(0, 12)}`;
    expect(await calls()).toMatch(
      new RegExp(`docker build --tag ${tag} --file (\\S+)/deep/Dockerfile --build-arg VERSION=2 \\1/deep\\n`),
    );
    expect(await calls()).toContain(`docker push ${tag}\n`);
  });

  it("is built by the next tool when the first can't work here", async () => {
    await install("docker", tools.docker, "echo 'Cannot connect to the daemon' >&2; exit 1");
    await install("podman");
    expect(await create({ dockerfile: "Dockerfile" })).toMatchObject({ outputs: { digest } });
    expect(await calls()).toContain("podman push --digestfile");
  });

  it("is built by pack where there is no Dockerfile", async () => {
    await install("pack");
    expect(await create({ buildpacks: ["heroku/nodejs"] })).toMatchObject({ outputs: { digest } });
    expect(await calls()).toMatch(
      /pack build .* --builder heroku\/builder:24 .*--publish .*--buildpack heroku\/nodejs/,
    );
  });

  it("says of each tool why it can't build, and what to do", async () => {
    await install("docker", "", "echo 'Cannot connect to the daemon' >&2; exit 1");
    const missing = create({ dockerfile: "Dockerfile" });
    await expect(missing).rejects.toMatchObject({
      code: "no-builder",
      message: expect.stringMatching(/docker.*Cannot connect.*no command 'podman'.*no command 'buildah'/s),
      suggestion: expect.stringContaining("docker, podman, buildah"),
    });
    await expect(create({ builder: "pack" })).rejects.toMatchObject({
      message: expect.stringContaining("no command 'pack'"),
    });
  });

  it("is built by a command, which is told by its environment what to do", async () => {
    const script = `ls "$UNDERSTUDY_SOURCE"; echo building "$UNDERSTUDY_IMAGE"; echo '${digest}' > "$UNDERSTUDY_DIGEST_FILE"`;
    const made = await create({ builder: "command", command: ["/bin/sh", "-c", script] });
    expect(made).toMatchObject({ outputs: { digest } });
    expect(lines).toEqual([
      expect.stringContaining("with command"),
      "deep",
      `building registry.example.com/team/app:${archive.sha256.slice(0, 12)}`,
    ]);
  });

  it("shows the log's end when the build fails, and keeps what was begun", async () => {
    const script = "for i in $(seq 100); do echo line $i; done; echo missing.tgz >&2; exit 4";
    const failure = await create({ builder: "command", command: ["/bin/sh", "-c", script] }).catch(
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(PartialCreateError);
    const { cause, id } = failure as PartialCreateError;
    expect(id).toBe("registry.example.com/team/app");
    expect(cause).toMatchObject({
      code: "build-failed",
      message: expect.stringMatching(/exited with 4.*line 100/s),
    });
    expect(String(cause)).toContain("missing.tgz");
    expect(String(cause)).not.toContain("line 50\n");
  });

  it("says so when a command tells no digest", async () => {
    const quiet = create({ builder: "command", command: ["/bin/true"] });
    await expect(quiet).rejects.toThrow(/no digest/);
  });

  it("stops with the run, and leaves no folder behind", async () => {
    const abort = new AbortController();
    const script = `echo "$UNDERSTUDY_SOURCE"; sleep 1000`;
    const building = create({ builder: "command", command: ["/bin/sh", "-c", script] }, abort.signal);
    const stopped = expect(building).rejects.toThrow("enough");
    await expect.poll(() => lines.at(-1), { timeout: 50_000 }).toMatch(/^\//);
    abort.abort(new Error("enough"));
    await stopped;
    const source = lines.at(-1) ?? "";
    await expect(readFile(source)).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("needs a registry and a source", async () => {
    await expect(create({ registry: null })).rejects.toMatchObject({ code: "missing-registry" });
    await expect(create({ archive: null, sha256: null })).rejects.toMatchObject({
      code: "no-source-archive",
    });
  });

  it("is read from what is known of it, and by its name alone", async () => {
    const outputs = { image: `registry.example.com/team/app@${digest}`, digest };
    const id = "registry.example.com/team/app";
    const known = { inputs: inputs(), outputs: { ...inputs(), ...outputs } };
    expect(await handler?.read(context(), id, known)).toEqual({ id, inputs: inputs(), outputs });
    const alone = await handler?.read(context(), id, undefined);
    expect(alone).toMatchObject({ inputs: { registry: "registry.example.com/team", name: "app" } });
  });
});
