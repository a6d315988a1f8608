import { readFile } from "node:fs/promises";
import { Command, Option } from "commander";
import { InputError, messageOf, NotFoundError } from "../../base/errors.ts";
import { writeFileAtomic } from "../../base/file.ts";
import { listStacks, openStack, type Stack } from "../../engine/stack.ts";
import { type EngineOptions, openEngine, withStack } from "../engine.ts";
import { terminal } from "../terminal.ts";

interface Options extends EngineOptions {
  readonly file?: string;
  readonly force?: boolean;
}

function open(stack: string, { cwd }: Pick<Options, "cwd">): Promise<Stack> {
  return openStack({ projectDir: cwd, stack });
}

function engineOption(): Option {
  return new Option("--engine <engine>", "whose state: default as for up").choices(["pulumi", "offline"]);
}

/** `understudy stack export`, and `understudy export` for short. */
export function exportCommand(): Command {
  return withStack(new Command("export"))
    .description("print the stack's state, secrets encrypted, as either engine can import it")
    .addOption(engineOption())
    .option("--file <file>", "write it there instead")
    .addHelpText("after", "\nExample:\n  $ understudy stack export primary --file primary.json")
    .action(async (stack: string, options: Options) => {
      const text = await (await openEngine(stack, options)).export();
      if (options.file === undefined) terminal.print(text.trimEnd());
      else await writeFileAtomic(options.file, text, { mode: 0o600 });
    });
}

/** Reads a state that `stack export` of either engine wrote, and makes it the stack's. */
export async function importState(
  stack: string,
  options: { readonly cwd: string; readonly file: string; readonly engine?: "pulumi" | "offline" },
): Promise<void> {
  const text = await readFile(options.file, "utf8").catch((error: unknown) => {
    throw new InputError([
      { code: "unreadable-file", message: `The file can't be read: ${messageOf(error)}`, file: options.file },
    ]);
  });
  const engine = await openEngine(stack, { ...options, parallel: 1 });
  await engine.import(text, options.file);
}

function importCommand(): Command {
  return withStack(new Command("import"))
    .description("replace the stack's state by one that either engine exported")
    .addOption(engineOption())
    .requiredOption("--file <file>", "what `stack export` wrote")
    .addHelpText("after", "\nExample:\n  $ understudy stack import primary --file primary.json")
    .action(async (stack: string, options: Options & { readonly file: string }) => {
      await importState(stack, options);
      terminal.progress(
        `The state of ${stack} is now that of ${options.file}; the one before is its backup.`,
      );
    });
}

function listCommand(): Command {
  return new Command("ls")
    .description("list the project's stacks that have a state")
    .option("--cwd <dir>", "the folder of Pulumi.yaml", ".")
    .option("--json", "print one JSON object")
    .addHelpText("after", "\nExample:\n  $ understudy stack ls")
    .action(async (options: Options) => {
      const stacks = await listStacks({ projectDir: options.cwd });
      if (options.json === true) terminal.printJson({ stacks });
      else for (const name of stacks) terminal.print(name);
    });
}

function removeCommand(): Command {
  return withStack(new Command("rm"))
    .description("forget a stack: its state and the backup of it")
    .option("--force", "even when it still has resources, which then nobody manages")
    .addHelpText("after", "\nExample:\n  $ understudy stack rm mirror")
    .action(async (name: string, options: Options) => {
      await (await open(name, options)).remove({ force: options.force === true });
      terminal.progress(`The stack ${name} is forgotten. Its settings file is left.`);
    });
}

function unlockCommand(): Command {
  return withStack(new Command("unlock"))
    .description("break the lock of a run that is certainly gone")
    .addHelpText("after", "\nExample:\n  $ understudy stack unlock primary")
    .action(async (name: string, options: Options) => {
      const count = await (await open(name, options)).unlock();
      if (count === 0) throw new NotFoundError(`The stack '${name}' is not locked.`, { code: "not-locked" });
      terminal.progress(`Removed ${count === 1 ? "the lock" : `${count} locks`} of ${name}.`);
    });
}

/** `understudy stack ...`, spelled as Pulumi spells it. */
export function stackCommand(): Command {
  return new Command("stack")
    .description("look after the state of stacks: export, import, ls, rm, unlock")
    .addCommand(exportCommand())
    .addCommand(importCommand())
    .addCommand(listCommand())
    .addCommand(removeCommand())
    .addCommand(unlockCommand());
}
