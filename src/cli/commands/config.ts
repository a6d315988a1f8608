import { Command } from "commander";
import { NotFoundError } from "../../base/errors.ts";
import type { Json } from "../../base/json.ts";
import { parsePath, type Segment } from "../../base/property-path.ts";
import { getPath } from "../../engine/property-path.ts";
import { openStack, type Stack } from "../../engine/stack.ts";
import { canAsk } from "../confirm.ts";
import { withStack } from "../engine.ts";
import { askSecret, readInput } from "../secret-input.ts";
import { terminal } from "../terminal.ts";

interface Options {
  readonly cwd: string;
  readonly json?: boolean;
  readonly secret?: boolean;
  readonly path?: boolean;
  readonly showSecrets?: boolean;
}

/** A key, and where in its value with --path. */
function place(key: string, options: Options): readonly [key: string, path: readonly Segment[]] {
  if (options.path !== true) return [key, []];
  const namespace = key.includes(":") ? key.slice(0, key.lastIndexOf(":") + 1) : "";
  const [name, ...path] = parsePath(key.slice(namespace.length));
  return [`${namespace}${name}`, path];
}

function open(stack: string, { cwd }: Options): Promise<Stack> {
  return openStack({ projectDir: cwd, stack });
}

async function valueFrom(given: string | undefined, options: Options): Promise<string> {
  if (given !== undefined) return given;
  return canAsk() && options.secret === true ? askSecret("value: ") : readInput();
}

/** With --path, Pulumi takes words like true and 12 for what they look like. */
function typed(text: string, options: Options): Json {
  if (options.path !== true) return text;
  if (text === "true" || text === "false") return text === "true";
  return /^(0|-?[1-9]\d{0,14})$/.test(text) ? Number(text) : text;
}

function setCommand(): Command {
  return withStack(new Command("set"))
    .description("set a value of the stack's settings file, Pulumi.STACK.yaml")
    .argument("<key>", "e.g. region, or aws:region for another package")
    .argument("[value]", "without it: what stdin holds, or what is typed")
    .option("--secret", "encrypt it; better not in [value], which every user of the machine can see")
    .option("--path", "the key is a path into a value, e.g. understudy:connection.token")
    .addHelpText(
      "after",
      "\nExample:\n  $ understudy config set primary understudy:connection.token --path --secret < token.txt",
    )
    .action(async (name: string, key: string, given: string | undefined, options: Options) => {
      const stack = await open(name, options);
      const text = await valueFrom(given, options);
      const [whole, path] = place(key, options);
      if (options.secret === true) {
        const crypter = await stack.crypter();
        stack.config.encryptionSalt = crypter.salt;
        stack.config.set(whole, { secure: crypter.encrypt(text) }, path);
      } else {
        stack.config.set(whole, typed(text, options), path);
      }
      await stack.config.save();
    });
}

function getCommand(): Command {
  return withStack(new Command("get"))
    .description("print one value, decrypted")
    .argument("<key>", "as for set")
    .option("--path", "the key is a path into a value")
    .addHelpText("after", "\nExample:\n  $ understudy config get primary region")
    .action(async (name: string, key: string, options: Options) => {
      const stack = await open(name, options);
      const [whole, path] = place(key, options);
      const found = (await stack.configValues()).get(stack.config.fullKey(whole));
      const value = getPath(found?.value, path);
      if (found === undefined || value === undefined) throw noValue(name, key);
      if (options.json === true) terminal.printJson({ value, secret: found.secret });
      else terminal.print(typeof value === "string" ? value : JSON.stringify(value));
    });
}

function noValue(stack: string, key: string): NotFoundError {
  return new NotFoundError(`The stack '${stack}' has no value of '${key}'.`, {
    code: "no-config",
    suggestion: "Set it with `understudy config set`, or see all with `understudy config ls`.",
  });
}

function removeCommand(): Command {
  return withStack(new Command("rm"))
    .description("remove a value")
    .argument("<key>", "as for set")
    .option("--path", "the key is a path into a value")
    .addHelpText("after", "\nExample:\n  $ understudy config rm primary region")
    .action(async (name: string, key: string, options: Options) => {
      const stack = await open(name, options);
      const [whole, path] = place(key, options);
      if (!stack.config.remove(whole, path)) throw noValue(name, key);
      await stack.config.save();
    });
}

function listCommand(): Command {
  return withStack(new Command("ls"))
    .description("list all values; secrets are masked")
    .option("--show-secrets", "print secrets in clear")
    .addHelpText("after", "\nExample:\n  $ understudy config ls primary")
    .action(async (name: string, options: Options) => {
      const values = [...(await (await open(name, options)).configValues())].sort(([a], [b]) =>
        a < b ? -1 : 1,
      );
      const shown = values.map(([key, { value, secret }]) => ({
        key,
        secret,
        value: secret && options.showSecrets !== true ? "[secret]" : value,
      }));
      if (options.json === true) return terminal.printJson(shown);
      const width = Math.max(0, ...shown.map(({ key }) => key.length));
      for (const { key, value } of shown) {
        terminal.print(`${key.padEnd(width)}  ${typeof value === "string" ? value : JSON.stringify(value)}`);
      }
    });
}

/** `understudy config`: the settings of a stack, in Pulumi's own format. */
export function configCommand(): Command {
  return new Command("config")
    .description("read and change the settings of a stack: set, get, rm, ls")
    .addCommand(setCommand())
    .addCommand(getCommand())
    .addCommand(removeCommand())
    .addCommand(listCommand());
}
