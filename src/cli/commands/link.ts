import { Command } from "commander";
import { UnderstudyError } from "../../base/errors.ts";
import type { CopyProgress, Link, LinkStatus } from "../../data/contract.ts";
import { followLinks } from "../../data/follow.ts";
import type { World } from "../../failover/world.ts";
import { exitCode } from "../exit.ts";
import { interruptSignal } from "../interrupt.ts";
import { type KitOptions, terminalLog, withKit, worldOf } from "../kit-file.ts";
import { terminal } from "../terminal.ts";

interface Options extends KitOptions {
  readonly json?: boolean;
  readonly reseed?: boolean;
}

/** The links that carry the active site's data to the standby. */
export function linkCommand(): Command {
  const link = new Command("link").description("carry the active site's data to the standby");
  withKit(link.command("init"))
    .description("carry the schema, install what the links need, and make the first copy")
    .option("--reseed", "replace the data that the standby has")
    .addHelpText("after", "\nExample:\n  $ understudy link init --kit shop.kit")
    .action(init);
  withKit(link.command("run"))
    .description("keep the data flowing away from the active site, until ended; follows cutovers")
    .addHelpText("after", "\nExample:\n  $ understudy link run --kit shop.kit")
    .action(follow);
  withKit(link.command("status"))
    .description("show each link's state and lag; exit 1 when one could not be promoted")
    .option("--json", "print one JSON object")
    .addHelpText("after", "\nExample:\n  $ understudy link status --json")
    .action(status);
  withKit(link.command("drop"))
    .description("remove all that the links put on both sides; the app's data stays")
    .addHelpText("after", "\nExample:\n  $ understudy link drop")
    .action(async (options: Options) => {
      const world = await worldOf(options);
      for (const link of linksFrom(world, await activeSite(world))) await link.drop();
    });
  return link;
}

async function init({ reseed = false, ...options }: Options): Promise<void> {
  const world = await worldOf(options);
  const signal = interruptSignal();
  for (const link of linksFrom(world, await activeSite(world))) {
    await link.init({ signal, reseed, onProgress: showCopy(link.service) });
    terminal.progress(`${link.service} follows`);
  }
}

function showCopy(service: string): (progress: CopyProgress) => void {
  return ({ table, rows, tablesDone, tables }) => {
    terminal.progress(`${service}: ${table}, ${rows} rows (${tablesDone} of ${tables} tables done)`);
  };
}

async function follow(options: Options): Promise<void> {
  const world = await worldOf(options);
  await followLinks({
    active: () => activeSite(world),
    linksFrom: (site) => linksFrom(world, site),
    signal: interruptSignal(),
    clock: world.clock,
    log: terminalLog,
  });
}

async function status(options: Options): Promise<void> {
  const world = await worldOf(options);
  const links = linksFrom(world, await activeSite(world));
  const seen = await Promise.all(links.map((link) => link.status()));
  if (options.json === true) terminal.printJson(seen);
  else for (const line of seen.flatMap(describe)) terminal.print(line);
  if (seen.some((link) => !link.promotable.ok)) process.exitCode = exitCode.failed;
}

function describe(link: LinkStatus): readonly string[] {
  const lag =
    link.lag === undefined
      ? "lag unknown"
      : `${link.lag.changes} changes, ${link.lag.seconds.toFixed(1)} s behind`;
  const rate =
    link.writesPerSecond === undefined ? "" : `, ${link.writesPerSecond.toFixed(1)} changes a second`;
  const head = `${link.service} (${link.mode}) ${link.source} -> ${link.target}: ${link.state}, ${lag}${rate}`;
  const reason = link.promotable.ok
    ? []
    : [terminal.style("red", `  not promotable: ${link.promotable.reason}`)];
  return [head, ...reason, ...link.notes.map((note) => `  ${note}`)];
}

async function activeSite(world: World): Promise<string> {
  const { ledger } = await world.zone.read();
  if (ledger !== undefined) return ledger.active;
  throw new UnderstudyError("The zone holds no ledger record, so nobody can tell whose data counts.", {
    code: "no-ledger",
    suggestion: "Make it: understudy up edge",
  });
}

function linksFrom(world: World, active: string): readonly Link[] {
  return Object.keys(world.sites)
    .filter((name) => name !== active)
    .flatMap((other) => world.links(active, other));
}
