import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { loadPlatform, platformNames } from "../../src/platform/registry.ts";
import { capabilityTable } from "./capability-table.ts";

const mark = "<!-- capabilities: written by `vitest run test/platform/docs.test.ts --update` -->";
const end = "<!-- end of capabilities -->";

const pageOf = (name: string) => fileURLToPath(new URL(`../../docs/platforms/${name}.md`, import.meta.url));

it.each(platformNames)(
  "the page of %s, where it has a table of capabilities, has the one of today",
  async (name) => {
    const page = await readFile(pageOf(name), "utf8");
    const [before, rest] = page.split(mark);
    if (rest === undefined) return;
    const { capabilities } = await loadPlatform(name);
    const today = `${before}${mark}\n${capabilityTable(capabilities)}\n${end}${rest.split(end)[1]}`;
    await expect(today).toMatchFileSnapshot(pageOf(name));
  },
);
