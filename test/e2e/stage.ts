import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ownCommand } from "../../src/cli/demo/own-command.ts";
import { openStage, type Stage } from "../../src/cli/demo/stage.ts";
import type { Progress } from "../../src/cli/progress.ts";
import { Stack } from "../../src/engine/stack.ts";
import { siteNamed } from "../../src/failover/world.ts";
import { compileCache, type Outcome, type RunningCommand, start } from "../support/understudy.ts";
import { writeApp } from "./app.ts";
import { watchCommandLines } from "./argv.ts";

/** Both sites, the edge, the kit and the link, up: what every test of the main job needs. */
export interface TestStage extends Stage {
  /** Starts a command in the project. */
  start(args: readonly string[], cwd?: string): RunningCommand;
  /** Runs a command in the project to its end. */
  understudy(args: readonly string[], cwd?: string): Promise<Outcome>;
  /** Starts a cutover with the stage's kit and folder of journals. */
  startCutover(args: readonly string[]): RunningCommand;
  /** Everything that any command printed. */
  readonly printed: readonly string[];
  /** Every command line seen on this machine while the stage was set. */
  readonly commandLines: ReadonlySet<string>;
  /** What nobody may see, by what it is. */
  readonly secrets: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

const quiet: Progress = {
  step: (_title, work) => work(),
  line: () => {},
  live: () => {},
  end: () => {},
};

/** Sets the demo's stage with a small app and records of one second. */
export async function setTestStage(): Promise<TestStage> {
  const folder = await mkdtemp(join(tmpdir(), "understudy-test-"));
  const source = join(folder, "notes");
  await writeApp(source);
  const printed: string[] = [];
  process.env.NODE_COMPILE_CACHE = compileCache;
  const sampler = watchCommandLines();
  const signal = new AbortController().signal;
  const command: typeof ownCommand = (options) => ({
    ...ownCommand(options),
    async run(args) {
      const result = await ownCommand(options).run(args);
      printed.push(result.stdout, result.stderr);
      return result;
    },
  });
  try {
    const play = { source, additions: {}, ttlSeconds: 1 };
    const opened = await openStage({
      play,
      engine: "offline",
      keep: false,
      progress: quiet,
      signal,
      command,
    });
    const { stage } = opened;
    const begin = (args: readonly string[], cwd = stage.project): RunningCommand => {
      const running = start(args, { cwd, env: stage.env });
      const outcome = running.outcome.then((result) => {
        printed.push(result.stdout, result.stderr);
        return result;
      });
      return { ...running, outcome };
    };
    return {
      ...stage,
      start: begin,
      understudy: (args, cwd) => begin(args, cwd).outcome,
      startCutover: (args) => begin(["cutover", "--kit", stage.kit, "--runs", stage.runs, ...args]),
      printed,
      commandLines: await sampler.stop(),
      secrets: await secretsOf(stage),
      close: async () => {
        await opened.close();
        await rm(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  } finally {
    await sampler.stop();
  }
}

async function secretsOf(stage: Stage): Promise<Readonly<Record<string, string>>> {
  const { local, project, env } = stage;
  const passphrase = env.UNDERSTUDY_PASSPHRASE ?? "";
  const stack = await Stack.open({ projectDir: project, stack: "primary", passphrase });
  const made = (await stack.configValues()).get("understudy:secrets")?.value as Record<string, string>;
  const password = async (site: string): Promise<string> =>
    decodeURIComponent(new URL(await databaseUrl(stage, site)).password);
  return {
    "Heroku's token": local.heroku.token,
    "Cloud Foundry's password": local.cloudfoundry.password,
    "the DNS key": local.dns.key.secret,
    "the app's secret": made.SESSION_KEY ?? "",
    "the primary's database password": await password("primary"),
    "the mirror's database password": await password("mirror"),
    "the passphrase": passphrase,
  };
}

/** How the app's own user reaches its database at a site, now. */
export async function databaseUrl({ world }: Pick<Stage, "world">, site: string): Promise<string> {
  const [service = ""] = Object.keys(world.app.services);
  return await siteNamed(world.sites, site).control.serviceUrl(service);
}
