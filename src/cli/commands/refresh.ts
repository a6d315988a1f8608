import { Command } from "commander";
import { carryOut, type EngineOptions, openEngine, withEngine } from "../engine.ts";

/** `understudy refresh`: the state learns what exists. */
export function refreshCommand(): Command {
  return withEngine(new Command("refresh"))
    .description("bring the stack's state in line with what exists")
    .addHelpText(
      "after",
      `
It changes nothing but the state: what differs is shown, what is gone is forgotten, and the next up mends it.

Example:
  $ understudy refresh primary`,
    )
    .action(async (name: string, options: EngineOptions) => {
      const engine = await openEngine(name, options);
      await carryOut(options, (run) => engine.refresh(run));
    });
}
