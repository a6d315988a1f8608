import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";

/** Longer lines are split, as on Heroku. */
const longestLine = 10_000;

/** Calls back for each line of a stream, its end without a line break included; settles when the stream has ended. */
export function readLines(stream: Readable, onLine: (line: string) => void): Promise<void> {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  const take = (text: string): void => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) emit(line.endsWith("\r") ? line.slice(0, -1) : line);
    while (rest.length > longestLine) {
      onLine(rest.slice(0, longestLine));
      rest = rest.slice(longestLine);
    }
  };
  const emit = (line: string): void => {
    for (let start = 0; start === 0 || start < line.length; start += longestLine) {
      onLine(line.slice(start, start + longestLine));
    }
  };
  return new Promise((resolve) => {
    stream.on("data", (chunk: Buffer) => take(decoder.write(chunk)));
    // A reset pipe is the end of what was said, not a failure of its own.
    stream.once("error", () => resolve());
    stream.once("close", () => {
      take(decoder.end());
      if (rest !== "") onLine(rest);
      rest = "";
      resolve();
    });
  });
}
