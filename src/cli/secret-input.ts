import { Writable } from "node:stream";
import { InputError } from "../base/errors.ts";
import { ask } from "./confirm.ts";

function noValue(): InputError {
  return new InputError([
    { code: "no-value", message: "No value was given.", suggestion: "Give it as argument or on stdin." },
  ]);
}

/** What stdin holds, without the newline at its end. Throws `no-value` when nothing comes. */
export async function readInput(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk as Buffer));
  const text = Buffer.concat(chunks)
    .toString("utf8")
    .replace(/\r?\n$/, "");
  if (text === "") throw noValue();
  return text;
}

/** Asks on the terminal without showing what is typed. Throws `no-value` when nothing is. */
export async function askSecret(question: string): Promise<string> {
  process.stderr.write(question);
  const answer = await ask("", new Writable({ write: (_chunk, _encoding, done) => done() }));
  process.stderr.write("\n");
  if (answer === undefined || answer === "") throw noValue();
  return answer;
}
