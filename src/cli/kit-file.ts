import type { Command } from "commander";
import { UnderstudyError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { type Kit, openKit } from "../failover/kit.ts";
import { openWorld } from "../failover/open-world.ts";
import type { World } from "../failover/world.ts";
import { terminal } from "./terminal.ts";

/** What every command of the failover plane takes. */
export interface KitOptions {
  readonly kit: string;
}

export function withKit(command: Command): Command {
  return command.option("--kit <file>", "the sealed kit", process.env.UNDERSTUDY_KIT ?? "understudy.kit");
}

/** From the environment: it must not stand in argv, and there may be nobody to ask. */
export function kitPassphrase(): string {
  const passphrase = process.env.UNDERSTUDY_PASSPHRASE ?? process.env.PULUMI_CONFIG_PASSPHRASE;
  if (passphrase !== undefined && passphrase !== "") return passphrase;
  throw new UnderstudyError("There is no passphrase for the kit.", {
    code: "no-passphrase",
    suggestion: "Set UNDERSTUDY_PASSPHRASE (or PULUMI_CONFIG_PASSPHRASE) to the one that it is sealed with.",
  });
}

export const terminalLog: Log = {
  info: (message) => terminal.progress(message),
  warn: (message) => terminal.progress(terminal.style("yellow", `warning: ${message}`, process.stderr)),
};

async function kitOf(options: KitOptions): Promise<Kit> {
  return await openKit(options.kit, kitPassphrase());
}

export async function worldOf(options: KitOptions): Promise<World> {
  return await openWorld(await kitOf(options), terminalLog);
}
