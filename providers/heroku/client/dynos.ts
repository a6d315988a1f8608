import { UnderstudyError } from "../../../src/base/errors.ts";
import type { HerokuClient } from "./client.ts";
import { lastLines } from "./log-session.ts";
import { type Dyno, dynoShape, type Formation, formationShape } from "./shapes.ts";

/** A dyno that is found crashed so often in a row is not about to recover: the first restart comes at once. */
const crashesThatCount = 4;
const longestWaitMs = 2_000;
const shownLines = 15;

/**
 * Settles when as many dynos are up as the formation asks for, all of them of that release or a later one. Throws
 * `start-failed` with the log's end when one keeps crashing, and the signal's reason when it is aborted.
 */
export async function dynosSettled(
  client: HerokuClient,
  app: string,
  version: number,
  signal: AbortSignal,
): Promise<void> {
  let crashes = 0;
  for (let waitMs = 50; ; waitMs = Math.min(longestWaitMs, waitMs * 2)) {
    const [formation, dynos] = await Promise.all([
      client.list(`/apps/${app}/formation`, formationShape, { signal }),
      client.list(`/apps/${app}/dynos`, dynoShape, { signal }),
    ]);
    const present = dynos.filter(({ release }) => (release?.version ?? 0) >= version);
    const up = ({ type }: Formation) => present.filter((dyno) => dyno.type === type && isUp(dyno)).length;
    const wanted = formation.filter(({ type }) => type !== "release");
    if (wanted.every((entry) => up(entry) >= entry.quantity)) return;
    const crashed = present.find(
      ({ state, type }) => state === "crashed" && wanted.some((entry) => entry.type === type),
    );
    crashes = crashed === undefined ? 0 : crashes + 1;
    if (crashed !== undefined && crashes >= crashesThatCount)
      throw await startFailed(client, app, crashed, signal);
    await client.sleep(waitMs, signal);
  }
}

/** A dyno of an eco app that nobody asks sleeps: it is as good as up. */
function isUp({ state }: Dyno): boolean {
  return state === "up" || state === "idle";
}

async function startFailed(
  client: HerokuClient,
  app: string,
  { name }: Dyno,
  signal: AbortSignal,
): Promise<UnderstudyError> {
  const end = await lastLines(client, app, { lines: shownLines, dyno: name }, { signal });
  const text = end.map((line) => line.text).join("\n");
  return new UnderstudyError(`Dyno ${name} crashes at its start. Its log ends with:\n${text}`, {
    code: "start-failed",
    path: name,
    suggestion: "Mend what the log's end names, and go on with `up`.",
  });
}
