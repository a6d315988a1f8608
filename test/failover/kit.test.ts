import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openKit, parseKit, sealKit } from "../../src/failover/kit.ts";

const kit = parseKit({
  version: 1,
  madeAt: "2026-01-01T00:00:00Z",
  app: { name: "shop", processes: { web: { command: "web" } } },
  home: "primary",
  sites: {
    primary: {
      name: "primary",
      platform: "heroku",
      settings: {},
      connection: { token: "canary-token-41af" },
      traffic: { type: "CNAME", values: ["shop.herokudns.test"] },
    },
  },
  traffic: { zone: { type: "rfc2136" }, key: { secret: "canary-key-77b2" } },
});

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "kit-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe("a kit", () => {
  it("opens with its passphrase, is the owner's alone, and shows no secret on disk", async () => {
    const path = join(folder, "shop.kit");
    await sealKit(kit, path, "correct horse");
    expect(await openKit(path, "correct horse")).toEqual(kit);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readFile(path, "latin1")).not.toMatch(/canary|heroku/);
  });

  it("says what to do about a wrong passphrase, a missing and a damaged file, without any of its content", async () => {
    const path = join(folder, "shop.kit");
    await sealKit(kit, path, "correct horse");
    await expect(openKit(path, "battery staple")).rejects.toMatchObject({ code: "kit-sealed" });
    await expect(openKit(join(folder, "none"), "x")).rejects.toMatchObject({ code: "no-kit" });
    await writeFile(path, (await readFile(path)).subarray(0, 120));
    await expect(openKit(path, "correct horse")).rejects.toMatchObject({ code: "kit-sealed" });
  });

  it("names what is missing from stacks' outputs, never a value", () => {
    const sites = { primary: { ...kit.sites.primary, traffic: undefined } };
    expect(() => parseKit({ ...kit, sites })).toThrow(/not complete/);
    expect(() => parseKit({ ...kit, sites })).not.toThrow(/canary/);
  });
});
