import { Command } from "commander";
import { RefusedError } from "../../base/errors.ts";
import type { StackOutputs } from "../../engine/events.ts";
import { refuseActiveSite } from "../active-site.ts";
import { canAsk, confirm } from "../confirm.ts";
import { carryOut, type EngineOptions, openEngine, withEngine } from "../engine.ts";
import { terminal } from "../terminal.ts";

interface Options extends EngineOptions {
  readonly force?: boolean;
}

/** `understudy destroy`: deletes what the stack made, and nothing else. */
export function destroyCommand(): Command {
  return withEngine(new Command("destroy"))
    .description("delete all that the stack made, and nothing else")
    .option("-y, --yes", "do not ask")
    .option("--force", "even when the site serves users now")
    .addHelpText(
      "after",
      `
It refuses when a resource is protected. In a script it needs --yes.

Example:
  $ understudy destroy mirror --yes`,
    )
    .action(async (name: string, options: Options) => {
      const engine = await openEngine(name, options);
      if (options.yes !== true) {
        if (!canAsk()) {
          throw new RefusedError(`Nobody was asked whether '${name}' may be destroyed.`, {
            code: "not-confirmed",
            rule: "destroying needs a word",
            suggestion: "Give --yes.",
          });
        }
        if (!(await confirm(`Do you want to delete all that ${name} made?`))) {
          terminal.progress("Nothing was done.");
          return;
        }
      }
      const guard =
        options.force === true
          ? {}
          : { beforeDestroy: (outputs: StackOutputs) => refuseActiveSite(options.cwd, name, outputs) };
      await carryOut(options, (run) => engine.destroy({ ...run, ...guard }));
    });
}
