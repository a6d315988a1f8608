import { randomInt, randomUUID } from "node:crypto";
import { messageOf } from "../../base/errors.ts";
import type { Env, LogEntry, OneOff, Runtime } from "../runtime/contract.ts";
import { withProfile } from "./formation.ts";
import { LineBuffer } from "./line-buffer.ts";
import type { AppRecord } from "./model.ts";

/** A one-off dyno while it runs. */
export interface OneOffDyno {
  readonly id: string;
  readonly appId: string;
  /** e.g. `run.1234`. */
  readonly name: string;
  readonly type: string;
  readonly command: string;
  readonly size: string;
  readonly createdAt: string;
  readonly job: OneOff;
}

/** The one-off dynos of all apps: they are forgotten when they end, and lost when the provider ends. */
export class OneOffs {
  readonly #runtime: Runtime;
  readonly #running = new Map<string, OneOffDyno>();

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  of(app: AppRecord): readonly OneOffDyno[] {
    return [...this.#running.values()].filter(({ appId }) => appId === app.id);
  }

  start(
    app: AppRecord,
    what: {
      readonly type: string;
      readonly command: string;
      readonly built: string;
      readonly env: Env;
      readonly size?: string;
      readonly timeoutMs?: number;
      readonly onOutput?: (text: string) => void;
    },
  ): OneOffDyno {
    const name = `${what.type}.${randomInt(1000, 10_000)}`;
    const say = (kind: LogEntry["kind"], text: string): void =>
      this.#runtime.logs.append(app.id, {
        time: Date.now(),
        kind,
        stream: "out",
        source: `app[${name}]`,
        type: name,
        index: 0,
        text,
      });
    const lines = new LineBuffer((line) => say("app", line));
    say("platform", `Starting process with command \`${what.command.replaceAll("\n", " ")}\``);
    const job = this.#runtime.supervisor.runOnce(app.id, {
      name,
      slug: what.built,
      command: withProfile(what.command),
      env: { DYNO: name, ...what.env },
      ...(what.timeoutMs === undefined ? {} : { timeoutMs: what.timeoutMs }),
      onOutput: (text) => {
        lines.push(text);
        what.onOutput?.(text);
      },
    });
    const dyno: OneOffDyno = {
      id: randomUUID(),
      appId: app.id,
      name,
      type: what.type,
      command: what.command,
      size: what.size ?? "Basic",
      createdAt: new Date().toISOString(),
      job,
    };
    this.#running.set(dyno.id, dyno);
    void job.done
      .then(
        ({ exitCode }) => `exited with status ${exitCode ?? 143}`,
        (error: unknown) => `could not be started: ${messageOf(error)}`,
      )
      .then((end) => {
        lines.end();
        this.#running.delete(dyno.id);
        say("platform", `Process ${end}`);
      });
    return dyno;
  }

  stop(app: AppRecord): void {
    for (const dyno of this.of(app)) dyno.job.stop();
  }
}
