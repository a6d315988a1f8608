#!/usr/bin/env node
import { Command, CommanderError } from "commander";
import { packageVersion } from "../base/version.ts";
import { commands } from "./commands.ts";
import { exitCode, exitCodeOf } from "./exit.ts";
import { errorToJson, errorToText, terminal } from "./terminal.ts";

const usageHint = "(run with --help for usage)";

const program = new Command("understudy")
  .description(
    "Keeps a cheap mirror of an app on another platform, and cuts over to it by DNS, with its data.",
  )
  .version(await packageVersion())
  .showHelpAfterError(usageHint)
  .addHelpText(
    "after",
    `
Exit codes: ${Object.entries(exitCode)
      .map(([name, code]) => `${code} ${name}`)
      .join(", ")}`,
  )
  .exitOverride();
// A reader that has seen enough (`understudy check | head`) is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});

const called = process.argv[2] ?? "";
const needed = Object.hasOwn(commands, called) ? [called] : Object.keys(commands);
for (const name of needed) {
  const make = commands[name];
  if (make !== undefined) program.addCommand(throwing(await make()));
}

/** Commander would end the process by itself, from any depth; only this file does. */
function throwing(command: Command): Command {
  for (const child of command.commands) throwing(child);
  return command.exitOverride().showHelpAfterError(usageHint);
}

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has printed its message; its own codes are 0 for help and version, else wrong usage.
    process.exitCode = error.exitCode === 0 ? exitCode.ok : exitCode.badInput;
    if (error.exitCode !== 0 && process.argv.includes("--json")) {
      terminal.printJson({ error: { code: "wrong-usage", message: error.message.replace(/^error: /, "") } });
    }
  } else {
    if (process.argv.includes("--json")) terminal.printJson(errorToJson(error));
    else terminal.progress(errorToText(error));
    process.exitCode = exitCodeOf(error);
  }
}
