import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { InputError } from "../base/errors.ts";

/** What stdin holds, without the newline at its end. Throws `no-value` when nothing comes. */
export async function readInput(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk as Buffer));
  const text = Buffer.concat(chunks)
    .toString("utf8")
    .replace(/\r?\n$/, "");
  if (text !== "") return text;
  throw new InputError([
    { code: "no-value", message: "No value was given.", suggestion: "Give it as argument or on stdin." },
  ]);
}

/** Asks on the terminal without showing what is typed. */
export async function askSecret(question: string): Promise<string> {
  process.stderr.write(question);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const prompt = createInterface({ input: process.stdin, output: silent, terminal: true });
  try {
    return await prompt.question("");
  } finally {
    prompt.close();
    process.stderr.write("\n");
  }
}
