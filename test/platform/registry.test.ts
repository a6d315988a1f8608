import { expect, it } from "vitest";
import { loadPlatform, platformNames } from "../../src/platform/registry.ts";

it.each(platformNames)("%s is loaded under its own name", async (name) => {
  expect((await loadPlatform(name)).name).toBe(name);
});

it.each([
  ["herku", "heroku"],
  ["CloudFoundry", "cloudfoundry"],
  ["cloud-foundry", "cloudfoundry"],
])("%s is unknown, and %s is meant", async (name, meant) => {
  const error = await loadPlatform(name).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "unknown-platform", suggestion: `Did you mean ${meant}?` });
  expect(String(error)).toContain(platformNames.join(", "));
});

it("a name of every object is no platform", async () => {
  await expect(loadPlatform("constructor")).rejects.toMatchObject({ code: "unknown-platform" });
});
