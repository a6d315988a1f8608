import { createInterface, type ReadLineOptions } from "node:readline/promises";

/** Whether there is someone to ask. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/** The answer to a question; undefined when there is none: Ctrl-C, or the end of the input. */
export async function ask(question: string, output: ReadLineOptions["output"]): Promise<string | undefined> {
  const prompt = createInterface({ input: process.stdin, ...(output && { output }), terminal: true });
  const gone = new AbortController();
  prompt.once("SIGINT", () => gone.abort()).once("close", () => gone.abort());
  try {
    return await prompt.question(question, { signal: gone.signal });
  } catch (error) {
    if (gone.signal.aborted) return undefined;
    throw error;
  } finally {
    prompt.close();
  }
}

/** Asks a question that only the word `yes` affirms. */
export async function confirm(question: string): Promise<boolean> {
  const answer = await ask(`${question} (yes/no) `, process.stderr);
  return answer?.trim().toLowerCase() === "yes";
}
