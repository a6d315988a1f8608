import type { Command } from "commander";

/** Every command, in the order of the help. Each is made by one file of commands/. */
export const commands: readonly (() => Command)[] = [];
