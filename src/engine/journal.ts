import { type FileHandle, open, rm } from "node:fs/promises";
import { UnderstudyError } from "../base/errors.ts";
import { readTextIfExists, writeFileAtomic } from "../base/file.ts";

/**
 * An append-only file of JSON lines beside the state. A line counts once it is on the disk; lines that come while the
 * disk is busy are written together with one fsync, so that many small changes cost few of them.
 */
export class Journal {
  readonly #file: FileHandle;
  #waiting: {
    readonly line: string;
    readonly resolve: () => void;
    readonly reject: (error: unknown) => void;
  }[] = [];
  #writing: Promise<void> | undefined;
  #failure: unknown;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /** A new file; its mode keeps others from reading it. Throws when there is one already. */
  static async create(path: string): Promise<Journal> {
    return new Journal(await open(path, "ax", 0o600));
  }

  /** Resolves when the line is on the disk. After a failed write every later one fails too. */
  append(entry: unknown): Promise<void> {
    const line = `${JSON.stringify(entry)}\n`;
    const written = new Promise<void>((resolve, reject) => {
      this.#waiting.push({ line, resolve, reject });
    });
    // Callers that need not wait still hear of a failure at the next append or at close.
    written.catch(() => {});
    this.#writing ??= this.#write();
    return written;
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        if (this.#failure !== undefined) throw this.#failure;
        await this.#file.appendFile(batch.map(({ line }) => line).join(""));
        await this.#file.datasync();
        for (const { resolve } of batch) resolve();
      } catch (error) {
        this.#failure ??= error;
        for (const { reject } of batch) reject(error);
      }
    }
    this.#writing = undefined;
  }

  /** Waits until everything is on the disk. Throws what kept an earlier line from getting there. */
  async flush(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
    if (this.#failure !== undefined) throw this.#failure;
  }

  async close(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
    await this.#file.close();
  }
}

/** The entries of a journal, or undefined when there is none. A last line that was cut short did not happen. */
export async function readJournal(path: string): Promise<readonly unknown[] | undefined> {
  const text = await readTextIfExists(path);
  if (text === undefined) return undefined;
  const lines = text.split("\n");
  // What follows the last newline is a line that never became whole; usually that is the empty text.
  lines.pop();
  return lines.map((line, index) => {
    try {
      return JSON.parse(line) as unknown;
    } catch (error) {
      throw new UnderstudyError(`Line ${index + 1} of the journal is not JSON.`, {
        code: "bad-journal",
        path,
        cause: error,
        suggestion:
          "The disk may be damaged. Compare the state with what exists, then move the journal away.",
      });
    }
  });
}

/** Adds an entry to the journal of a run that broke off, in place of a last line that was cut short. */
export async function amendJournal(path: string, entry: unknown): Promise<void> {
  const text = (await readTextIfExists(path)) ?? "";
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  await writeFileAtomic(path, `${whole}${JSON.stringify(entry)}\n`, { mode: 0o600 });
}

export async function removeJournal(path: string): Promise<void> {
  await rm(path, { force: true });
}
