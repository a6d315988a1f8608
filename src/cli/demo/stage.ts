import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { silentLog } from "../../base/log.ts";
import { openKit } from "../../failover/kit.ts";
import { openWorld } from "../../failover/open-world.ts";
import type { World } from "../../failover/world.ts";
import { stopLocal } from "../../local/down.ts";
import type { LocalInfo } from "../../local/info.ts";
import { startLocal } from "../../local/up.ts";
import type { Progress } from "../progress.ts";
import { type BackgroundCommand, ownCommand } from "./own-command.ts";
import { makeProject } from "./project.ts";

/** All that the acts are played on. */
export interface Stage {
  readonly local: LocalInfo;
  readonly world: World;
  /** Under which users find the app. */
  readonly name: string;
  /** Folder of the cutovers' journals. */
  readonly runs: string;
  /** How long it took to bring both sites up. */
  readonly upSeconds: number;
}

export interface StageOptions {
  /** `offline` or `pulumi`. */
  readonly engine: string;
  readonly keep: boolean;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** Sets the stage, plays on it, and clears it away whatever happened. */
export async function withStage<T>(options: StageOptions, play: (stage: Stage) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "understudy-demo-"));
  const background: BackgroundCommand[] = [];
  try {
    return await play(await setStage(folder, background, options));
  } finally {
    await clear(folder, background, options);
  }
}

async function setStage(
  folder: string,
  background: BackgroundCommand[],
  { engine, progress, signal }: StageOptions,
): Promise<Stage> {
  const local = await progress.step("A Heroku, a Cloud Foundry and a name server on this machine", () =>
    startLocal({ folder: join(folder, "local"), signal }),
  );
  const project = join(folder, "guestbook");
  const kit = join(folder, "guestbook.kit");
  const name = `guestbook.${local.dns.zone}`;
  const passphrase = randomBytes(24).toString("hex");
  const state = join(folder, "state");
  await mkdir(state);
  const env = {
    PULUMI_CONFIG_PASSPHRASE: passphrase,
    UNDERSTUDY_PASSPHRASE: passphrase,
    // Both engines keep their state there in one format; whatever backend this machine's user has is left alone.
    PULUMI_BACKEND_URL: pathToFileURL(state).href,
    PULUMI_SKIP_UPDATE_CHECK: "true",
  };
  const outside = ownCommand({ cwd: folder, env, signal });
  await progress.step("The guestbook, described from its Procfile and app.json", () =>
    makeProject({ folder: project, name, local, passphrase, understudy: outside }),
  );

  const understudy = ownCommand({ cwd: project, env, signal });
  const up = (stack: string) => understudy.run(["up", stack, "--engine", engine]);
  const startedAt = performance.now();
  // Both to their end, also when one fails: the stage is cleared after that.
  const ups = await Promise.allSettled([
    progress.step("understudy up primary: on Heroku", () => up("primary")),
    progress.step("understudy up mirror: on Cloud Foundry", () => up("mirror")),
  ]);
  for (const result of ups) if (result.status === "rejected") throw result.reason;
  const upSeconds = (performance.now() - startedAt) / 1000;
  await progress.step(`understudy up edge: ${name} leads to the primary`, () => up("edge"));
  await progress.step("understudy kit: all that a cutover needs, sealed", () =>
    understudy.run(["kit", "-o", kit]),
  );
  await progress.step("understudy link init: the mirror's Postgres has a copy", () =>
    understudy.run(["link", "init", "--kit", kit]),
  );
  background.push(await understudy.start(["link", "run", "--kit", kit], join(folder, "link.log")));
  const world = await openWorld(await openKit(kit, passphrase), silentLog);
  return { local, world, name, runs: join(folder, "runs"), upSeconds };
}

async function clear(
  folder: string,
  background: readonly BackgroundCommand[],
  { keep, progress }: StageOptions,
): Promise<void> {
  await Promise.all(background.map((command) => command.stop()));
  if (keep) {
    progress.line(
      `Everything is still there, in ${folder}. To end it: understudy local down --folder ${folder}/local`,
    );
    return;
  }
  await progress.step("Everything taken down again", async () => {
    await stopLocal(join(folder, "local"));
    await rm(folder, { recursive: true, force: true });
  });
}
