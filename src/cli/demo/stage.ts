import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { silentLog } from "../../base/log.ts";
import { openKit } from "../../failover/kit.ts";
import { openWorld } from "../../failover/open-world.ts";
import type { World } from "../../failover/world.ts";
import { stopLocal } from "../../local/down.ts";
import type { LocalInfo } from "../../local/info.ts";
import { startLocal } from "../../local/up.ts";
import type { Progress } from "../progress.ts";
import { cloudFoundry, type MirrorPlace } from "./mirror.ts";
import { type BackgroundCommand, ownCommand } from "./own-command.ts";
import { makeProject, type Play } from "./project.ts";

/** All that the acts are played on. */
export interface Stage {
  /** Holds all of it. */
  readonly folder: string;
  /** Of the app with its Pulumi project. */
  readonly project: string;
  /** Path of the sealed kit. */
  readonly kit: string;
  /** What every command needs in its environment: the passphrase, and where the state is. */
  readonly env: Readonly<Record<string, string>>;
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
  readonly play: Play;
  /** What the mirror stands on. @default the local Cloud Foundry */
  readonly mirror?: MirrorPlace;
  /** `offline` or `pulumi`. */
  readonly engine: string;
  readonly keep: boolean;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** How this command line is called. @default {@link ownCommand} */
  readonly command?: typeof ownCommand;
}

/** What was begun and has to be ended. */
interface Begun {
  follower?: BackgroundCommand;
  /** Of what outlives the stage. */
  destroyMirror?: () => Promise<unknown>;
}

/** Sets the stage; whoever opens it closes it. One that can't be set whole is cleared away again. */
export async function openStage(
  options: StageOptions,
): Promise<{ readonly stage: Stage; readonly close: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "understudy-demo-"));
  const begun: Begun = {};
  const close = () => clear(folder, begun, options);
  try {
    return { stage: await setStage(folder, begun, options), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Sets the stage, performs on it, and clears it away whatever happened. */
export async function withStage<T>(options: StageOptions, perform: (stage: Stage) => Promise<T>): Promise<T> {
  const { stage, close } = await openStage(options);
  try {
    return await perform(stage);
  } finally {
    await close();
  }
}

async function setStage(
  folder: string,
  begun: Begun,
  { play, mirror = cloudFoundry, engine, keep, progress, signal, command = ownCommand }: StageOptions,
): Promise<Stage> {
  const app = basename(play.source);
  const local = await progress.step(`A Heroku, ${mirror.what} and a name server on this machine`, () =>
    startLocal({ folder: join(folder, "local"), parts: mirror.parts, port: mirror.port, signal }),
  );
  const project = join(folder, app);
  const kit = join(folder, `${app}.kit`);
  const name = `${app}.${local.dns.zone}`;
  const passphrase = randomBytes(24).toString("hex");
  // Whoever keeps the stage wants to get at its secrets; otherwise nobody has to.
  if (keep) await writeFile(join(folder, "passphrase"), passphrase, { mode: 0o600 });
  const state = join(folder, "state");
  await mkdir(state);
  const env = {
    PULUMI_CONFIG_PASSPHRASE: passphrase,
    UNDERSTUDY_PASSPHRASE: passphrase,
    // Both engines keep their state there in one format; whatever backend this machine's user has is left alone.
    PULUMI_BACKEND_URL: pathToFileURL(state).href,
    PULUMI_SKIP_UPDATE_CHECK: "true",
  };
  const outside = command({ cwd: folder, env, signal });
  await progress.step(`The ${app}, described from its Procfile and app.json`, () =>
    makeProject({ play, folder: project, name, local, mirror, passphrase, understudy: outside }),
  );

  const understudy = command({ cwd: project, env, signal });
  const up = (stack: string) => understudy.run(["up", stack, "--engine", engine]);
  // The cluster stays, so what is made in it has to go; nobody could interrupt that who interrupted the rest.
  if (mirror.outlives) {
    const always = command({ cwd: project, env, signal: new AbortController().signal });
    begun.destroyMirror = () => always.run(["destroy", "mirror", "--yes", "--force", "--engine", engine]);
  }
  const startedAt = performance.now();
  // Both to their end, also when one fails: the stage is cleared after that.
  const ups = await Promise.allSettled([
    progress.step("understudy up primary: on Heroku", () => up("primary")),
    progress.step(`understudy up mirror: on ${mirror.title}`, () => up("mirror")),
  ]);
  for (const result of ups) if (result.status === "rejected") throw result.reason;
  const upSeconds = (performance.now() - startedAt) / 1000;
  await progress.step(`understudy up edge: ${name} leads to the primary`, () => up("edge"));
  await progress.step("understudy kit: all that a cutover needs, sealed", () =>
    understudy.run(["kit", "-o", kit]),
  );
  // To open a kit is hard work on purpose (scrypt): it goes on beside the first copy.
  const [world] = await Promise.all([
    openKit(kit, passphrase).then((opened) => openWorld(opened, silentLog)),
    progress.step("understudy link init: the mirror's Postgres has a copy", () =>
      understudy.run(["link", "init", "--kit", kit]),
    ),
  ]);
  begun.follower = await understudy.start(["link", "run", "--kit", kit], join(folder, "link.log"));
  return { folder, project, kit, env, local, world, name, runs: join(folder, "runs"), upSeconds };
}

/** How its owner goes on with a stage that was kept. */
function hints(folder: string, app: string): readonly string[] {
  return [
    `cd ${folder}/${app}`,
    `export PULUMI_BACKEND_URL=file://${folder}/state PULUMI_CONFIG_PASSPHRASE=$(cat ../passphrase)`,
    `understudy status --kit ../${app}.kit`,
    "understudy local down --folder ../local",
  ];
}

async function clear(
  folder: string,
  { follower, destroyMirror }: Begun,
  { play, keep, progress }: StageOptions,
): Promise<void> {
  await follower?.stop();
  if (keep) {
    progress.line("Everything but the link's follower is still there:");
    for (const line of hints(folder, basename(play.source))) progress.line(`  ${line}`);
    return;
  }
  await progress.step("Everything taken down again", async () => {
    try {
      await destroyMirror?.();
    } finally {
      await stopLocal(join(folder, "local"));
      await rm(folder, { recursive: true, force: true });
    }
  });
}
