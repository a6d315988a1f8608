import { Command } from "commander";
import { NotFoundError } from "../../base/errors.ts";
import { openStack } from "../../engine/stack.ts";
import { withStack } from "../engine.ts";
import { printOutputs, shownOutputs } from "../engine-print.ts";
import { terminal } from "../terminal.ts";

interface Options {
  readonly cwd: string;
  readonly json?: boolean;
  readonly showSecrets?: boolean;
}

/** `understudy outputs`: what the last run of the stack left, from its state alone. */
export function outputsCommand(): Command {
  return withStack(new Command("outputs"))
    .description("print the stack's outputs, from its state alone")
    .argument("[name]", "only this one, bare")
    .option("--show-secrets", "print secrets in clear")
    .addHelpText(
      "after",
      `
Example:
  $ understudy outputs primary url`,
    )
    .action(async (stack: string, name: string | undefined, options: Options) => {
      const outputs = await (await openStack({ projectDir: options.cwd, stack })).outputs();
      const shown = shownOutputs(outputs, options.showSecrets === true);
      if (name === undefined) {
        if (options.json === true) terminal.printJson(shown);
        else printOutputs(shown);
        return;
      }
      const value = shown[name];
      if (value === undefined) {
        throw new NotFoundError(`The stack '${stack}' has no output '${name}'.`, {
          code: "no-output",
          suggestion: `It has: ${Object.keys(shown).join(", ") || "none"}.`,
        });
      }
      if (options.json === true || typeof value !== "string") terminal.printJson(value);
      else terminal.print(value);
    });
}
