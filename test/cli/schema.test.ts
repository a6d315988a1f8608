import { expect, it } from "vitest";
import { appJsonSchema } from "../../src/app/json-schema.ts";
import { schemaCommand } from "../../src/cli/commands/schema.ts";
import { runCommand } from "./cli.ts";

it("understudy schema prints the JSON Schema", async () => {
  const { stdout } = await runCommand(schemaCommand);
  expect(JSON.parse(stdout)).toEqual(appJsonSchema());
});
