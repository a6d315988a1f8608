import { Command, CommanderError } from "commander";
import { commands } from "./commands.ts";
import { exitCode, exitCodeOf } from "./exit.ts";
import { errorToJson, errorToText, terminal } from "./terminal.ts";

const program = new Command("understudy")
  .description(
    "Keeps a cheap mirror of an app on another platform, and cuts over to it by DNS, with its data.",
  )
  .version("0.1.0")
  .showHelpAfterError("(run with --help for usage)")
  .addHelpText(
    "after",
    `
Exit codes: ${Object.entries(exitCode)
      .map(([name, code]) => `${code} ${name}`)
      .join(", ")}`,
  )
  .exitOverride();
for (const make of commands) program.addCommand(make().exitOverride());

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has printed its message; its own codes are 0 for help and version, else wrong usage.
    process.exitCode = error.exitCode === 0 ? exitCode.ok : exitCode.badInput;
  } else {
    if (process.argv.includes("--json")) terminal.printJson(errorToJson(error));
    else terminal.progress(errorToText(error));
    process.exitCode = exitCodeOf(error);
  }
}
