import type { Command } from "commander";
import { vi } from "vitest";
import { exitCodeOf } from "../../src/cli/exit.ts";
import { errorToJson, errorToText } from "../../src/cli/terminal.ts";

/** What a command left behind. */
export interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one command in this process, with errors told as main.ts tells them. */
export async function runCommand(make: () => Command, ...args: readonly string[]): Promise<Outcome> {
  let stdout = "";
  let stderr = "";
  const out = vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    stdout += String(text);
    return true;
  });
  const err = vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    stderr += String(text);
    return true;
  });
  const before = process.exitCode;
  process.exitCode = 0;
  try {
    await make()
      .exitOverride()
      .parseAsync([...args], { from: "user" });
  } catch (error) {
    process.exitCode = exitCodeOf(error);
    if (args.includes("--json")) stdout += JSON.stringify(errorToJson(error));
    else stderr += `${errorToText(error)}\n`;
  } finally {
    out.mockRestore();
    err.mockRestore();
  }
  const exitCode = Number(process.exitCode);
  process.exitCode = before;
  return { exitCode, stdout, stderr };
}
