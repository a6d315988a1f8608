import { randomUUID } from "node:crypto";
import { type Deadline, deadline as newDeadline } from "../../../src/base/deadline.ts";
import { UnderstudyError } from "../../../src/base/errors.ts";
import type { CommandResult } from "../../../src/platform/contract.ts";
import type { Client } from "../api/client.ts";
import { taskSchema } from "../api/wire.ts";
import { settledLines } from "./log.ts";

/** The API tells a task's exit status only within a sentence: `... Exited with status 3`. 1 when it isn't there. */
function exitCodeOf(failureReason: string | null): number {
  const status = Number(/status (\d+)/.exec(failureReason ?? "")?.[1]);
  return Number.isInteger(status) ? status : 1;
}

/**
 * Runs a shell line as a task of the app, in its environment, and waits for its end. When the wait is ended first, the
 * task is cancelled. `droplet`: run in that one instead of the current one.
 */
export async function runTask(
  client: Client,
  app: string,
  task: { readonly command: string; readonly name: string; readonly droplet?: string },
  deadline: Deadline,
): Promise<CommandResult> {
  const name = `${task.name}-${randomUUID().slice(0, 8)}`;
  const json = {
    command: task.command,
    name,
    ...(task.droplet === undefined ? {} : { droplet_guid: task.droplet }),
  };
  const { guid } = await client.create(`/v3/apps/${app}/tasks`, json, taskSchema, deadline);
  try {
    for (let waitMs = 50; ; waitMs = Math.min(1_000, waitMs * 1.5)) {
      const { state, result } = await client.get(`/v3/tasks/${guid}`, taskSchema, deadline);
      if (state === "SUCCEEDED" || state === "FAILED") {
        const lines = await settledLines(
          client,
          app,
          (line) => line.sourceType === `APP/TASK/${name}`,
          deadline,
        );
        const output = lines.map((line) => `${line.text}\n`).join("");
        return { exitCode: state === "SUCCEEDED" ? 0 : exitCodeOf(result.failure_reason), output };
      }
      await deadline.pause(waitMs, `the task ${name}`);
    }
  } catch (error) {
    const grace = newDeadline({ timeoutMs: 5_000, clock: deadline.clock });
    // What ended the wait is what counts; a task that can't be cancelled ends by itself.
    await client.act(`/v3/tasks/${guid}/actions/cancel`, { json: {} }, grace).catch(() => {});
    throw error;
  }
}

/** Runs the release command in a droplet that hasn't taken over yet. Throws `release-failed` with what it said. */
export async function runRelease(
  client: Client,
  app: string,
  release: { readonly command: string; readonly droplet: string },
  deadline: Deadline,
): Promise<void> {
  const { exitCode, output } = await runTask(client, app, { ...release, name: "release" }, deadline);
  if (exitCode === 0) return;
  const end = output.trimEnd().split("\n").slice(-20).join("\n");
  throw new UnderstudyError(`The release command exited with ${exitCode}. It ended with:\n${end}`, {
    code: "release-failed",
    path: app,
    suggestion: "The old release still runs. Mend the command, and run the same again.",
  });
}
