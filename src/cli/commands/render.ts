import { Command } from "commander";
import { Document } from "yaml";
import { InputError } from "../../base/errors.ts";
import type { Json, JsonObject } from "../../base/json.ts";
import { parsePath, type Segment } from "../../base/property-path.ts";
import type { Platform } from "../../platform/contract.ts";
import { loadPlatform, platformNames } from "../../platform/registry.ts";
import { openApp } from "../app-file.ts";
import { writeArtifacts } from "../artifacts.ts";
import { terminal } from "../terminal.ts";

interface Options {
  readonly to: string;
  readonly output: string;
  readonly app?: string;
  readonly settings?: readonly string[];
  readonly role: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

/** Writes what a platform's own tools take. */
export function renderCommand(): Command {
  return new Command("render")
    .description(
      "write an app as the files that a platform's own tools take, so that you can leave us any day",
    )
    .requiredOption("--to <platform>", `the platform: ${platformNames.join(", ")}`)
    .requiredOption("-o, --output <dir>", "the folder to write to; - prints")
    .option("--app <file>", "the description (default: understudy.yaml, else what the files here say)")
    .option("--settings <name=value...>", "settings of the site there, e.g. region=eu or image.registry=HOST")
    .option("--role <role>", "active or standby: what depends on it, e.g. workers, is rendered so", "active")
    .option("--force", "overwrite files that were not written by this command")
    .option("--json", "print {files, fidelity} instead of progress")
    .addHelpText(
      "after",
      `
Examples:
  $ understudy render --to cloudfoundry -o deploy/cf
  $ understudy render --to heroku -o - --settings region=eu`,
    )
    .action(render);
}

async function render(options: Options): Promise<void> {
  const platform = await loadPlatform(options.to);
  if (options.role !== "active" && options.role !== "standby") {
    throw new InputError([
      {
        code: "unknown-role",
        message: `There is no role '${options.role}'.`,
        suggestion: "Use active or standby.",
      },
    ]);
  }
  const settings = settingsOf(platform, options.settings ?? []);
  const app = await openApp(options.app);
  const { artifacts, fidelity } = platform.render(app, { name: "site", role: options.role, settings });
  if (options.output === "-") {
    if (options.json === true) terminal.printJson({ files: artifacts, fidelity });
    else for (const { path, content } of artifacts) terminal.print(`# ${path}\n${content}`);
    return;
  }
  const written = await writeArtifacts(options.output, artifacts, { force: options.force === true });
  if (options.json === true) terminal.printJson({ files: artifacts, fidelity });
  for (const { path, change } of written) terminal.progress(`${change} ${path}`);
  const dropped = fidelity.filter((field) => field.fidelity === "dropped").length;
  if (dropped > 0)
    terminal.progress(`${dropped} fields are dropped there; see: understudy check --to ${options.to}`);
}

/** Settings by property paths, as text; where the platform wants a number or a switch, the text is read as one. */
function settingsOf(platform: Platform, pairs: readonly string[]): JsonObject {
  const given = pairs.map((pair): readonly [path: readonly Segment[], text: string] => {
    const at = pair.indexOf("=");
    if (at < 1) {
      throw new InputError([
        {
          code: "bad-setting",
          message: `--settings needs NAME=VALUE, not '${pair}'.`,
          suggestion: "Write e.g. --settings region=eu, or image.registry=registry.example.com.",
        },
      ]);
    }
    return [parsePath(pair.slice(0, at)), pair.slice(at + 1)];
  });
  const asText = platform.settings.safeParse(nested(given, (text) => text));
  if (asText.success) return asText.data;
  const typed = (text: string): Json => (/^(true|false|\d+)$/.test(text) ? JSON.parse(text) : text);
  const asTyped = platform.settings.safeParse(nested(given, typed));
  if (asTyped.success) return asTyped.data;
  throw new InputError(
    asTyped.error.issues.map((issue) => ({
      code: "bad-setting",
      message: `${issue.message}.`,
      path: ["settings", ...issue.path].join("."),
      suggestion: `See the settings of ${platform.title} in its page under docs/platforms.`,
    })),
  );
}

function nested(
  given: readonly (readonly [path: readonly Segment[], text: string])[],
  typed: (text: string) => Json,
): unknown {
  const document = new Document({});
  for (const [path, text] of given) document.setIn(path, typed(text));
  return document.toJS();
}
