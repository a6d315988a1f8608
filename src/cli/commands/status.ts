import { Command } from "commander";
import { observe, type Seen, type SiteSituation, type Situation } from "../../failover/situation.ts";
import { type KitOptions, withKit, worldOf } from "../kit-file.ts";
import { terminal } from "../terminal.ts";

/** Who is active, whether both sides are well, and how far behind the data is. */
export function statusCommand(): Command {
  return withKit(new Command("status"))
    .description("show both sites, the links between them and the traffic ledger, as they are now")
    .option("--json", "print one JSON object")
    .addHelpText("after", "\nExample:\n  $ understudy status --kit understudy.kit")
    .action(async (options: KitOptions & { readonly json?: boolean }) => {
      const world = await worldOf(options);
      const situation = await observe(world);
      if (options.json === true) terminal.printJson(situation);
      else for (const line of describe(situation)) terminal.print(line);
    });
}

const good = (text: string) => `${terminal.style("green", "●")} ${text}`;
const bad = (text: string) => `${terminal.style("red", "●")} ${text}`;

function describe(situation: Situation): readonly string[] {
  const { traffic } = situation;
  const ledger = traffic.ok ? traffic.value.ledger : undefined;
  return [
    traffic.ok
      ? ledger === undefined
        ? bad("traffic   the zone holds no ledger record")
        : good(
            `traffic   epoch ${ledger.epoch}, active ${ledger.active}, ${traffic.value.target?.type} ${traffic.value.target?.values.join(", ")}, TTL ${traffic.value.ttlSeconds} s`,
          )
      : bad(`traffic   ${traffic.reason}`),
    ...Object.values(situation.sites).map((site) => describeSite(site, ledger?.active)),
    ...situation.links.map((link) => {
      if (!link.ok) return bad(`link      ${link.reason}`);
      const { service, source, target, state, lag, sourceReachable, promotable } = link.value;
      const text = `link      ${service} ${source} -> ${target}: ${state}, lag ${lag === undefined ? "unknown" : `${lag.changes} changes, ${lag.seconds.toFixed(1)} s`}`;
      if (!sourceReachable) return bad(`${text}; the ${service} of '${source}' doesn't answer`);
      return promotable.ok ? good(text) : bad(`${text}; ${promotable.reason}`);
    }),
  ];
}

function describeSite(site: SiteSituation, active: string | undefined): string {
  const name = `${site.name.padEnd(9)} ${site.platform}, ${site.name === active ? "active" : "standby"}`;
  if (!site.observation.ok) return bad(`${name}: ${site.observation.reason}`);
  const { processes, maintenance, release } = site.observation.value;
  const counts = Object.entries(processes)
    .map(([type, { desired, running }]) => `${type} ${running}/${desired}`)
    .join(", ");
  const text = `${name}: ${counts}, release ${release ?? "none"}${maintenance ? ", in maintenance" : ""}; ${healthText(site.health)}`;
  return maintenance || (site.health.ok && site.health.value.healthy) ? good(text) : bad(text);
}

function healthText(health: Seen<{ readonly detail: string }>): string {
  return health.ok ? health.value.detail : health.reason;
}
