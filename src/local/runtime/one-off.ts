import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { Readable, type Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { StringDecoder } from "node:string_decoder";
import { messageOf } from "../../base/errors.ts";
import type { Child } from "./children.ts";
import type { OneOff, Slug, Supervisor } from "./contract.ts";
import { instanceEnv } from "./environment.ts";
import type { InstanceHost } from "./instance.ts";
import { createInstanceFolder } from "./instance-folder.ts";

type Job = Parameters<Supervisor["runOnce"]>[1];
type Outcome = Awaited<OneOff["done"]>;

/** The end of the output that a job's result keeps, in characters; `onOutput` gets all of it. */
const keptOutput = 1024 ** 2;

interface Running {
  readonly app: string;
  readonly oneOff: OneOff;
}

/** Commands that run once. Their output goes to the one who asked, not to the app's log. */
export class OneOffs {
  readonly #host: InstanceHost;
  readonly #running = new Set<Running>();

  constructor(host: InstanceHost) {
    this.#host = host;
  }

  start(app: string, job: Job, slug: Promise<Slug>): OneOff {
    const id = randomUUID();
    const stopping = new AbortController();
    const done = this.#run(id, job, slug, stopping.signal);
    const oneOff: OneOff = { id, done, stop: () => stopping.abort() };
    const running: Running = { app, oneOff };
    this.#running.add(running);
    void done.catch(() => {}).finally(() => this.#running.delete(running));
    return oneOff;
  }

  /** Stops those of an app, or all; settles when they have ended. */
  async stop(app?: string): Promise<void> {
    const meant = [...this.#running].filter((running) => app === undefined || running.app === app);
    for (const { oneOff } of meant) oneOff.stop();
    await Promise.allSettled(meant.map(({ oneOff }) => oneOff.done));
  }

  async #run(id: string, job: Job, slug: Promise<Slug>, signal: AbortSignal): Promise<Outcome> {
    const made = await slug;
    const folder = await createInstanceFolder(made, join(this.#host.folder, id));
    try {
      if (signal.aborted) return { exitCode: null, output: "" };
      const child = this.#host.children.spawn({
        command: "bash",
        args: ["-c", job.command],
        cwd: folder.home,
        env: instanceEnv(made, folder, job.env),
        withInput: job.input !== undefined,
      });
      return await this.#watch(child, job, signal);
    } finally {
      await folder.remove();
    }
  }

  async #watch(child: Child, job: Job, signal: AbortSignal): Promise<Outcome> {
    let output = "";
    const take = (text: string): void => {
      if (text === "") return;
      output = (output + text).slice(-keptOutput);
      job.onOutput?.(text);
    };
    const stop = (): void => void child.stop(this.#host.flavour.stopGraceMs);
    const timer = job.timeoutMs === undefined ? undefined : setTimeout(stop, job.timeoutMs);
    signal.addEventListener("abort", stop, { once: true });
    try {
      if (job.input !== undefined && child.stdin !== null) feed(job.input, child.stdin);
      const readings = [child.stdout, child.stderr].map((stream) => readText(stream, take));
      const { exitCode, error } = await child.exited;
      await Promise.all(readings);
      if (error !== undefined) take(`${messageOf(error)}\n`);
      return { exitCode, output };
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
    }
  }
}

/** A command need not read its input to the end: what it leaves is dropped. */
function feed(input: AsyncIterable<Uint8Array>, stdin: Writable): void {
  pipeline(Readable.from(input), stdin).catch(() => {});
}

async function readText(stream: Readable | null, take: (text: string) => void): Promise<void> {
  if (stream === null) return;
  const decoder = new StringDecoder("utf8");
  try {
    for await (const chunk of stream) take(decoder.write(chunk as Buffer));
  } catch {
    // A reset pipe is the end of what was said.
  }
  take(decoder.end());
}
