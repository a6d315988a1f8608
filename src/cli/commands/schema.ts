import { Command } from "commander";
import { appJsonSchema } from "../../app/json-schema.ts";
import { terminal } from "../terminal.ts";

/** Prints the JSON Schema of understudy.yaml. */
export function schemaCommand(): Command {
  return new Command("schema")
    .description("print the JSON Schema of understudy.yaml, for editors and checks")
    .addHelpText(
      "after",
      `
Examples:
  $ understudy schema > understudy.schema.json
  # then, as the first line of understudy.yaml:
  # yaml-language-server: $schema=understudy.schema.json`,
    )
    .action(() => terminal.printJson(appJsonSchema()));
}
