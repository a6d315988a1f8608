import { expect } from "vitest";
import { type Outcome, understudy } from "../support/understudy.ts";

export const passphrase = "correct horse";
export const env = { PULUMI_CONFIG_PASSPHRASE: passphrase, UNDERSTUDY_PASSPHRASE: passphrase };

interface Told {
  readonly code: string;
  readonly message?: string;
  readonly path?: string;
  readonly problems?: readonly Readonly<Record<string, unknown>>[];
  readonly suggestion?: string;
}

interface Expected {
  readonly exitCode: number;
  readonly code: string;
  /** What the answer has to name: what, where, what to do. */
  readonly names: readonly string[];
}

interface Place {
  readonly cwd: string;
  readonly more?: Readonly<Record<string, string>>;
}

/** Runs a command with --json and holds its answer against what is expected. */
export async function expectClear(
  args: readonly string[],
  { cwd, more = {} }: Place,
  { exitCode, code, names }: Expected,
): Promise<void> {
  const outcome = await understudy([...args, "--json"], { cwd, env: { ...env, ...more } });
  expect(outcome).toMatchObject({ exitCode });
  expectNoTrace(outcome);
  const { error } = JSON.parse(outcome.stdout) as { readonly error: Told };
  expect(error.code).toBe(code);
  const told = (error.problems ?? [error])
    .flatMap((problem) => Object.values(problem).map(String))
    .join("\n");
  for (const name of names) expect(told).toContain(name);
}

export function expectNoTrace({ stdout, stderr }: Outcome): void {
  expect(`${stdout}${stderr}`).not.toMatch(/^\s+at .*:\d+:\d+\)?$/m);
}
