import { createInterface } from "node:readline/promises";

/** Whether there is someone to ask. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/** Asks a question that only the word `yes` affirms. */
export async function confirm(question: string): Promise<boolean> {
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await prompt.question(`${question} (yes/no) `)).trim().toLowerCase() === "yes";
  } finally {
    prompt.close();
  }
}
