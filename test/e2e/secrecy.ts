import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { expect, it } from "vitest";
import type { TestStage } from "./stage.ts";

/** A secret as it is, and as it would be in a URL, in base64 and in hex. */
function spellings(secret: string): readonly string[] {
  const bytes = Buffer.from(secret);
  // Base64 of a part of a text depends on where it starts; the middle of each of the three is enough to know it by.
  const inner = [0, 1, 2].map((offset) =>
    Buffer.concat([Buffer.alloc(offset), bytes])
      .toString("base64")
      .replace(/=+$/, "")
      .slice(4, -4),
  );
  return [...new Set([secret, encodeURIComponent(secret), bytes.toString("hex"), ...inner])];
}

/** Every file of the stage but those of the platforms themselves, which come and go, by its path. */
async function artefacts({ folder, local }: TestStage): Promise<ReadonlyMap<string, string>> {
  const all = await readdir(folder, { withFileTypes: true });
  const ours = all.filter(({ name }) => join(folder, name) !== local.folder);
  const below = await Promise.all(
    ours
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => readdir(join(folder, name), { recursive: true, withFileTypes: true })),
  );
  const found = new Map<string, string>();
  for (const entry of [...ours, ...below.flat()]) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) found.set(relative(folder, path), await readFile(path, "latin1"));
  }
  return found;
}

/** Tests, after all that a stage went through: nobody who reads what is left learns a secret. */
export function secrecy(stage: () => TestStage): void {
  const leaks = (text: string): readonly string[] =>
    Object.entries(stage().secrets)
      .filter(([, secret]) => spellings(secret).some((spelling) => text.includes(spelling)))
      .map(([what]) => what);

  it("knows the secrets that it looks for, and finds them where they are", async () => {
    for (const secret of Object.values(stage().secrets)) expect(secret.length).toBeGreaterThan(8);
    const info = await readFile(join(stage().local.folder, "info.json"), "utf8");
    expect(leaks(info)).toEqual(["Heroku's token", "Cloud Foundry's password", "the DNS key"]);
  });

  it("no file holds one: settings, state, backups, journals, kit, logs", async () => {
    const files = await artefacts(stage());
    const kinds = [
      /Pulumi\.primary\.yaml$/,
      /^state\/.*primary.*json/,
      /^runs\/.*\.jsonl$/,
      /\.kit$/,
      /link\.log$/,
    ];
    for (const kind of kinds)
      expect(
        [...files.keys()].some((path) => kind.test(path)),
        String(kind),
      ).toBe(true);
    const leaking = [...files]
      .map(([path, text]) => [path, leaks(text)])
      .filter(([, found]) => found?.length);
    expect(leaking).toEqual([]);
  });

  it("no command printed one", () => {
    expect(stage().printed.length).toBeGreaterThan(20);
    expect(leaks(stage().printed.join("\n"))).toEqual([]);
  });

  it("no process had one in its arguments", () => {
    const lines = [...stage().commandLines];
    expect(lines.some((line) => line.includes("\0up\0primary"))).toBe(true);
    expect(lines.filter((line) => leaks(line).length > 0)).toEqual([]);
  });
}
