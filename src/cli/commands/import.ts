import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { Command } from "commander";
import { parse } from "yaml";
import { stringifyApp } from "../../app/stringify.ts";
import { InputError, messageOf, RefusedError } from "../../base/errors.ts";
import { writeFileAtomic } from "../../base/file.ts";
import { importFolder } from "../../import/folder.ts";
import { printImport } from "../import-report.ts";
import { terminal } from "../terminal.ts";

interface Options {
  readonly output?: string;
  readonly json?: boolean;
  readonly force?: boolean;
  readonly state?: string;
  readonly cwd: string;
  readonly manifest?: string;
  readonly application?: string;
  readonly var?: readonly string[];
  readonly varsFile?: readonly string[];
}

const collect = (value: string, known: readonly string[] = []): readonly string[] => [...known, value];

/** Makes a description of an app from the files that its platform reads today. */
export function importCommand(): Command {
  return new Command("import")
    .description("describe an app from its Procfile, app.json, heroku.yml, manifest.yml or convox.yml")
    .argument("[dir]", "the app's folder", ".")
    .option("-o, --output <file>", "write the description there; - or nothing prints it")
    .option("--force", "overwrite the file that is there")
    .option("--json", "print {app, notes, sources}: sources accounts for every key of every file read")
    .option("--state <file>", "import a stack's state instead: DIR is then the stack's name")
    .option("--cwd <dir>", "with --state: the folder of Pulumi.yaml", ".")
    .option("--manifest <file>", "the Cloud Foundry manifest to read, relative to the folder")
    .option("--application <name>", "the manifest's application that stands for the app")
    .option("--var <name=value>", "value of a ((variable)) of the manifest; may be repeated", collect)
    .option("--vars-file <file>", "YAML file with such values; may be repeated", collect)
    .addHelpText(
      "after",
      `
Examples:
  $ understudy import -o understudy.yaml
  $ understudy import ../shop --json
  $ understudy import --manifest manifest-prod.yml --vars-file vars.yml`,
    )
    .action(runImport);
}

async function runImport(folder: string, options: Options): Promise<void> {
  if (options.state !== undefined) {
    const { importState } = await import("./stack.ts");
    await importState(folder, { cwd: options.cwd, file: options.state });
    return;
  }
  const output = options.output === "-" ? undefined : options.output;
  if (output !== undefined && options.force !== true && existsSync(output)) {
    throw new RefusedError("There is such a file already.", {
      code: "file-exists",
      rule: "keep what a person may have written",
      path: output,
      suggestion: "Name another file with -o, or overwrite it with --force.",
    });
  }
  const imported = await importFolder(folder, {
    manifest: options.manifest,
    application: options.application,
    variables: await variablesOf(options),
  });
  const { app, notes, sources, comments } = imported;
  if (output !== undefined) await writeFileAtomic(output, stringifyApp(app, comments));
  if (options.json === true) {
    terminal.printJson({ app, notes, sources });
    return;
  }
  if (output === undefined) terminal.print(stringifyApp(app, comments).trimEnd());
  printImport(imported);
  if (output !== undefined) terminal.progress(`Wrote ${output}. Next: understudy check --app ${output}`);
}

async function variablesOf(options: Options): Promise<ReadonlyMap<string, string>> {
  const variables = new Map<string, string>();
  for (const file of options.varsFile ?? []) {
    let values: unknown;
    try {
      values = parse(await readFile(file, "utf8"));
    } catch (error) {
      throw new InputError(
        [{ code: "bad-vars-file", message: `It can't be read: ${messageOf(error)}`, file }],
        { cause: error },
      );
    }
    for (const [name, value] of Object.entries(values ?? {})) {
      if (typeof value !== "object") variables.set(name, String(value));
    }
  }
  for (const pair of options.var ?? []) {
    const at = pair.indexOf("=");
    if (at < 1) {
      throw new InputError([
        {
          code: "bad-variable",
          message: `--var needs NAME=VALUE, not '${pair}'.`,
          suggestion: "Write e.g. --var instances=2.",
        },
      ]);
    }
    variables.set(pair.slice(0, at), pair.slice(at + 1));
  }
  return variables;
}
