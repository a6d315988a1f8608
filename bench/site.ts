import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ownCommand } from "../src/cli/demo/own-command.ts";
import { type Stage, withStage } from "../src/cli/demo/stage.ts";
import type { Progress } from "../src/cli/progress.ts";
import { cutover } from "../src/failover/cutover.ts";
import { reportOf } from "../src/failover/report.ts";
import { type Figures, figure, timed } from "./figure.ts";

const rounds = 5;
const signal = new AbortController().signal;
const silent: Progress = { step: (_title, work) => work(), line: () => {}, live: () => {}, end: () => {} };

/** An app as small as one can be, with a database or without. */
async function writeApp(folder: string, withDatabase: boolean): Promise<void> {
  await mkdir(folder);
  const server =
    'require("node:http").createServer((_, response) => response.end()).listen(process.env.PORT, process.env.HOST);';
  const addons = withDatabase ? ["heroku-postgresql:essential-0"] : [];
  const files = {
    Procfile: "web: node web.js\n",
    "web.js": server,
    "package.json": "{}",
    "app.json": JSON.stringify({ name: "bench", addons }),
  };
  for (const [path, text] of Object.entries(files)) await writeFile(join(folder, path), text);
}

/** Sets a stage with such an app, records of one second, and both sites up. */
async function onStage<T>(withDatabase: boolean, measure: (stage: Stage) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "understudy-bench-"));
  const source = join(folder, "bench");
  try {
    await writeApp(source, withDatabase);
    const play = { source, additions: {}, ttlSeconds: 1 };
    return await withStage({ play, engine: "offline", keep: false, progress: silent, signal }, measure);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Milliseconds from the decision until every authoritative server leads to the other site, there and back in turns. */
async function cutoverTimes({ world, runs }: Stage): Promise<readonly number[]> {
  const samples: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const decidedAt = Date.now();
    const to = round % 2 === 0 ? "mirror" : "primary";
    const consent = async () => true;
    const { entries } = await cutover(world, { to, mode: "graceful", folder: runs, consent, signal });
    const verified = reportOf(entries)?.steps.find((step) => step.name === "verify")?.endedAt;
    if (verified === undefined) throw new Error("The cutover was not verified.");
    samples.push(verified - decidedAt);
  }
  return samples;
}

/** `up` of the primary by the command, as its user waits for it: cold, without a change, with one config value changed. */
async function upTimes({ project, env }: Stage): Promise<Figures> {
  const understudy = ownCommand({ cwd: project, env, signal });
  const up = () => understudy.run(["up", "primary", "--engine", "offline", "--yes"]);
  const same = await timed(rounds, up);
  const description = join(project, "understudy.yaml");
  const text = await readFile(description, "utf8");
  const changed = await timed(rounds, async (round) => {
    await writeFile(description, `${text}config: { ROUND: "${round}" }\n`);
    await up();
  });
  await understudy.run(["destroy", "primary", "--engine", "offline", "--yes", "--force"]);
  const cold = await timed(1, up);
  return {
    upPrimaryCold: figure(cold, "ms"),
    upPrimaryNoChange: figure(same, "ms"),
    upPrimaryOneChange: figure(changed, "ms"),
  };
}

/** Both include the second that a graceful run waits for resolvers to let go of the old records (their TTL here). */
export async function benchSite(): Promise<Figures> {
  const bare = await onStage(false, cutoverTimes);
  const [full, ups] = await onStage(
    true,
    async (stage) => [await cutoverTimes(stage), await upTimes(stage)] as const,
  );
  return {
    cutoverWithoutDatabase: figure(bare, "ms"),
    cutoverWithDatabase: figure(full, "ms"),
    ...ups,
  };
}
