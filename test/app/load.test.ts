import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadApp } from "../../src/app/load.ts";
import { parseAppText } from "../../src/app/text.ts";
import { InputError } from "../../src/base/errors.ts";
import { temporaryFolder } from "../support/folder.ts";

async function load(name: string, text: string): Promise<string> {
  const path = join(await temporaryFolder(), name);
  await writeFile(path, text);
  return (await loadApp(path)).name;
}

describe("a description is loaded from", () => {
  it.each([
    ["understudy.yaml", "name: guestbook"],
    ["understudy.yml", "\uFEFFname: guestbook\r\n"],
    ["understudy.json", '{"name": "guestbook"}'],
    ["app.mjs", "export const app = { name: 'guestbook' };"],
    ["app.ts", "interface A { name: string }\nexport default { name: 'guestbook' } satisfies A;"],
  ])("%s", async (name, text) => {
    expect(await load(name, text)).toBe("guestbook");
  });

  it("YAML with anchors and merge keys", () => {
    const app = parseAppText(
      "name: ab\nprocesses:\n  web: &base { command: x, size: { memoryMb: 512 } }\n  worker: { <<: *base, command: y }\n",
      "a.yaml",
    );
    expect(app.processes.worker).toMatchObject({ command: "y", size: { memoryMb: 512 } });
  });
});

describe("a file that can't be used is told with what to do", () => {
  it.each([
    ["understudy.yaml", "", "empty"],
    ["understudy.yaml", "a: [", "bad-yaml"],
    ["understudy.yaml", "\tname: x", "bad-yaml"],
    ["understudy.yaml", "name: *nobody", "bad-yaml"],
    ["understudy.yaml", "name: ab\nname: cd", "duplicate-key"],
    ["understudy.yaml", "name: ab\n---\nname: cd", "several-documents"],
    ["understudy.toml", "name = 'ab'", "unknown-format"],
    ["app.mjs", "export const other = 1;", "no-app"],
    ["app.mjs", "throw new Error('boom');", "module-failed"],
    ["app.mjs", "export const app = { nme: 'ab' };", "missing"],
  ])("%s %j", async (name, text, code) => {
    const error = await load(name, text).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InputError);
    const [problem] = (error as InputError).problems;
    expect(problem).toMatchObject({ code });
    expect(problem?.file).toContain(name);
  });

  it("and a missing one too", async () => {
    const path = join(await temporaryFolder(), "understudy.yaml");
    await expect(loadApp(path)).rejects.toMatchObject({ code: "no-file" });
  });

  it("even when its aliases would fill the memory", () => {
    const levels = Array.from({ length: 9 }, (_, level) => {
      const content = level === 0 ? "[x, x, x, x, x, x, x, x, x]" : `[${`*l${level - 1}, `.repeat(9)}]`;
      return `l${level}: &l${level} ${content}`;
    });
    expect(() => parseAppText(levels.join("\n"), "a.yaml")).toThrow(InputError);
  });
});
