import { Command } from "commander";
import { canAsk, confirm } from "../confirm.ts";
import { carryOut, type EngineOptions, openEngine, withEngine } from "../engine.ts";
import { terminal } from "../terminal.ts";

interface Options extends EngineOptions {
  readonly preview?: boolean;
}

/** `understudy up`: creates, updates and deletes what the program says. */
export function upCommand(): Command {
  return withEngine(new Command("up"))
    .description("bring what exists in line with the stack's program")
    .option("-y, --yes", "do not ask, do not preview")
    .option("--preview", "show first what would be done")
    .option("--show-secrets", "print secret outputs in clear")
    .addHelpText(
      "after",
      `
On a terminal it shows what it would do and asks, unless --yes is given. In a script it goes straight to work, like
pulumi up --yes --skip-preview.

Example:
  $ understudy up primary --yes`,
    )
    .action(async (name: string, options: Options) => {
      const engine = await openEngine(name, options);
      const asks = canAsk() && options.yes !== true;
      if (asks || options.preview === true) {
        await carryOut({ ...options, json: false }, (run) => engine.preview(run), true);
        if (process.exitCode !== undefined) return;
      }
      if (asks && !(await confirm(`Do you want to perform this update of ${name}?`))) {
        terminal.progress("Nothing was done.");
        return;
      }
      await carryOut(options, (run) => engine.up(run));
    });
}
