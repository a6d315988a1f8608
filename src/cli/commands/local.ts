import { Argument, Command, InvalidArgumentError, Option } from "commander";
import { killProvider, rotateDatabase, setFault, startProvider } from "../../local/control.ts";
import { stopLocal } from "../../local/down.ts";
import type { LocalInfo } from "../../local/info.ts";
import { type ProviderName, providerNames } from "../../local/layout.ts";
import type { FaultState } from "../../local/runtime/contract.ts";
import { localStatus, type PartStatus } from "../../local/status.ts";
import { exitCode } from "../exit.ts";
import { interruptSignal } from "../interrupt.ts";
import { terminal } from "../terminal.ts";

interface FolderOptions {
  readonly folder: string;
  readonly json?: boolean;
}

function subcommand(name: string, description: string, example: string): Command {
  return new Command(name)
    .description(description)
    .option("--folder <dir>", "where they keep everything", ".understudy/local")
    .option("--json", "print one JSON object")
    .addHelpText("after", `\nExample:\n  $ understudy local ${example}`);
}

const provider = (): Argument => new Argument("<provider>", "which provider").choices(providerNames);

function number(check: (value: number) => boolean, wanted: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !check(value)) throw new InvalidArgumentError(`It must be ${wanted}.`);
    return value;
  };
}

const port = number(
  (value) => Number.isInteger(value) && value >= 1 && value <= 65_535,
  "a port, 1 to 65535",
);
const slowness = number((value) => value >= 0 && value <= 600_000, "milliseconds, 0 to 600000");
const share = number((value) => value >= 0 && value <= 1, "a share, 0 to 1");

function describe({ folder, heroku, cloudfoundry, dns }: LocalInfo): string {
  const bold = (text: string): string => terminal.style("bold", text);
  return [
    `${bold("Heroku")}         ${heroku.url}, apps at ${heroku.router.address}:${heroku.router.port}`,
    `${bold("Cloud Foundry")}  ${cloudfoundry.url}, apps at ${cloudfoundry.router.address}:${cloudfoundry.router.port}`,
    `${bold("DNS")}            ${dns.server}, zone ${dns.zone}`,
    `Tokens, passwords and keys are in ${folder}/info.json.`,
  ].join("\n");
}

function faultsText(faults: FaultState): string {
  const parts = [
    ...faults.down.map((part) => `${part} down`),
    ...(faults.slowMs > 0 ? [`${faults.slowMs} ms slower`] : []),
    ...(faults.errorRate > 0 ? [`${faults.errorRate * 100} % errors`] : []),
  ];
  return parts.length === 0 ? "no faults" : parts.join(", ");
}

function partText({ part, pid, faults }: PartStatus): string {
  const state = pid === undefined ? terminal.style("red", "lost") : terminal.style("green", `runs as ${pid}`);
  return `${part.padEnd(13)}${state}${faults === undefined ? "" : `, ${faultsText(faults)}`}`;
}

/** `local up`. */
function upCommand(): Command {
  return subcommand(
    "up",
    "start a Heroku, a Cloud Foundry and a name server on this machine",
    "up --port 8080",
  )
    .option("--port <port>", "of both routers (default: any that is free)", port)
    .action(async (options: FolderOptions & { readonly port?: number }) => {
      // Loaded here alone: it takes a whole platform with it.
      const { startLocal } = await import("../../local/up.ts");
      const info = await startLocal({ ...options, signal: interruptSignal() });
      if (options.json === true) terminal.printJson(info);
      else terminal.print(describe(info));
    });
}

function downCommand(): Command {
  return subcommand("down", "end them and remove everything they kept", "down").action(
    async (options: FolderOptions) => {
      const wasUp = await stopLocal(options.folder);
      if (options.json === true) terminal.printJson({ wasUp });
      else terminal.print(wasUp ? "The local platforms are gone." : "No local platforms were up.");
    },
  );
}

function statusCommand(): Command {
  return subcommand(
    "status",
    "show what runs, and which faults are switched on (1 when a part is lost)",
    "status",
  ).action(async (options: FolderOptions) => {
    const status = await localStatus(options.folder);
    if (options.json === true) terminal.printJson(status);
    else terminal.print([...status.parts.map(partText), describe(status.info)].join("\n"));
    if (status.parts.some((part) => !part.isRunning)) process.exitCode = exitCode.failed;
  });
}

interface FaultOptions extends FolderOptions {
  readonly down?: FaultState["down"];
  readonly slow?: number;
  readonly errors?: number;
  readonly clear?: boolean;
}

function faultCommand(): Command {
  return subcommand(
    "fault",
    "make a provider fail on purpose; without options, show how it fails now",
    "fault heroku --down all",
  )
    .addArgument(provider())
    .addOption(
      new Option("--down <part...>", "what does not answer").choices([
        "all",
        "control",
        "routing",
        "database",
      ]),
    )
    .option("--slow <ms>", "added to each answer", slowness)
    .option("--errors <share>", "of calls and requests answered with 503", share)
    .option("--clear", "switch all other faults off")
    .action(async (name: ProviderName, options: FaultOptions) => {
      const faults = await setFault(options.folder, name, {
        ...(options.clear === true ? { down: [], slowMs: 0, errorRate: 0 } : {}),
        ...(options.down === undefined ? {} : { down: options.down }),
        ...(options.slow === undefined ? {} : { slowMs: options.slow }),
        ...(options.errors === undefined ? {} : { errorRate: options.errors }),
      });
      if (options.json === true) terminal.printJson(faults);
      else terminal.print(`${name}: ${faultsText(faults)}`);
    });
}

function killCommand(): Command {
  return subcommand("kill", "lose a provider whole, at once: API, router, apps and databases", "kill heroku")
    .addArgument(provider())
    .action(async (name: ProviderName, options: FolderOptions) => {
      await killProvider(options.folder, name);
      if (options.json === true) terminal.printJson({ killed: name });
      else terminal.print(`${name} is lost. Bring it back with 'understudy local start ${name}'.`);
    });
}

function startCommand(): Command {
  return subcommand("start", "bring a lost provider back, with its apps and data", "start heroku")
    .addArgument(provider())
    .action(async (name: ProviderName, options: FolderOptions) => {
      const info = await startProvider(options.folder, name);
      if (options.json === true) terminal.printJson(info);
      else terminal.print(`${name} is back, as process ${info[name].pid}.`);
    });
}

function rotateCommand(): Command {
  return subcommand(
    "rotate",
    "renew the credentials of a database of the local Heroku",
    "rotate postgresql-angular-12345",
  )
    .argument("<database>", "the add-on's name")
    .action(async (database: string, options: FolderOptions) => {
      await rotateDatabase(options.folder, database);
      if (options.json === true) terminal.printJson({ rotated: database });
      else terminal.print(`${database} has new credentials; its apps restart with them.`);
    });
}

/** Platforms to try everything on: real processes, routers, databases and DNS, on the loopback only. */
export function localCommand(): Command {
  const command = new Command("local")
    .description("run a Heroku, a Cloud Foundry and a name server on this machine, to try and to rehearse on")
    .addHelpText("after", "\nExample:\n  $ understudy local up && understudy local status");
  const subcommands = [
    upCommand,
    downCommand,
    statusCommand,
    faultCommand,
    killCommand,
    startCommand,
    rotateCommand,
  ];
  for (const make of subcommands) command.addCommand(make());
  return command;
}
