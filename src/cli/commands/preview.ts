import { Command } from "commander";
import { carryOut, type EngineOptions, openEngine, withEngine } from "../engine.ts";

/** `understudy preview`: what `up` would do. */
export function previewCommand(): Command {
  return withEngine(new Command("preview"))
    .description("show what up would do, property by property")
    .addHelpText(
      "after",
      `
Secrets are masked; values that only the update will know are shown as <computed>; a change that replaces says so.

Example:
  $ understudy preview mirror`,
    )
    .action(async (name: string, options: EngineOptions) => {
      const engine = await openEngine(name, options);
      await carryOut(options, (run) => engine.preview(run), true);
    });
}
