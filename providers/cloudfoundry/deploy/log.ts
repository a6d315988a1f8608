import type { Deadline } from "../../../src/base/deadline.ts";
import type { LogLine } from "../../../src/platform/contract.ts";
import type { Client } from "../api/client.ts";
import { logReadSchema } from "../api/wire.ts";

/** A line of an app's log as log-cache has it. */
interface CacheLine extends LogLine {
  /** e.g. `APP/PROC/WEB`, `STG`, `APP/TASK/migrate`. */
  readonly sourceType: string;
}

/** `APP/PROC/WEB` and 0 as `web.0`; others as the platform calls them, e.g. `rtr.0`. */
function sourceName(sourceType: string, instance: string): string {
  const [, name = sourceType] = /^APP\/(?:REV\/\d+\/)?PROC\/(.+)$/.exec(sourceType) ?? [];
  return `${name.toLowerCase()}.${instance}`;
}

/** The last lines of an app, oldest first (log-cache, `GET /api/v1/read/:source`; it gives 1,000 at most). */
export async function lastLines(
  client: Client,
  app: string,
  limit: number,
  deadline: Deadline,
): Promise<readonly CacheLine[]> {
  const query = { descending: "true", envelope_types: "LOG", limit: Math.min(1000, limit), start_time: 0 };
  const { envelopes } = await client.logCache(`/api/v1/read/${app}`, logReadSchema, deadline, query);
  return envelopes.batch
    .flatMap(({ timestamp, instance_id: instance, tags, log }) => {
      if (log === undefined) return [];
      const sourceType = tags.source_type ?? "";
      return [
        {
          time: new Date(Number(BigInt(timestamp) / 1_000_000n)).toISOString(),
          source: sourceName(sourceType, instance),
          sourceType,
          text: Buffer.from(log.payload, "base64").toString().trimEnd(),
        },
      ];
    })
    .reverse();
}

/** How often the log is asked again for lines that are on their way, and how often it must give the same. */
const settlePauseMs = 150;
const settledAfter = 2;
/** As long as there is none at all, it is asked a little longer. */
const settledEmptyAfter = 8;

/** Lines of one source, once no more come: they reach log-cache a moment after the thing that they tell of. */
export async function settledLines(
  client: Client,
  app: string,
  isWanted: (line: CacheLine) => boolean,
  deadline: Deadline,
): Promise<readonly CacheLine[]> {
  let lines: readonly CacheLine[] = [];
  let same = 0;
  while (
    same < (lines.length === 0 ? settledEmptyAfter : settledAfter) &&
    deadline.remainingMs() > settlePauseMs
  ) {
    const now = (await lastLines(client, app, 1000, deadline)).filter(isWanted);
    same = now.length === lines.length ? same + 1 : 0;
    lines = now;
    await deadline.clock.sleep(settlePauseMs, deadline.signal);
  }
  return lines;
}

/** The last few lines as text, for an error; empty when they can't be had. */
export async function logEnd(
  client: Client,
  app: string,
  isWanted: (line: CacheLine) => boolean,
  deadline: Deadline,
): Promise<string> {
  try {
    const lines = await settledLines(client, app, isWanted, deadline);
    return lines
      .slice(-20)
      .map((line) => line.text)
      .join("\n");
  } catch {
    return "";
  }
}
