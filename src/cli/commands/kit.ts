import { Command } from "commander";
import { UnderstudyError } from "../../base/errors.ts";
import { isJsonObject, type Json } from "../../base/json.ts";
import { Stack } from "../../engine/stack.ts";
import { type Kit, parseKit, sealKit } from "../../failover/kit.ts";
import { kitPassphrase } from "../kit-file.ts";
import { terminal } from "../terminal.ts";

interface Options {
  readonly output: string;
  readonly cwd: string;
  readonly sites: readonly string[];
  readonly edge: string;
  readonly home?: string;
}

/** Seals all that a cutover needs into one file. */
export function kitCommand(): Command {
  return new Command("kit")
    .description("seal all that a cutover needs into one file, from the stacks' outputs")
    .option("-o, --output <file>", "where the kit goes", "understudy.kit")
    .option("--cwd <dir>", "the folder of Pulumi.yaml", ".")
    .option("--sites <stack...>", "the stacks of the sites", ["primary", "mirror"])
    .option("--edge <stack>", "the stack of the DNS records", "edge")
    .option("--home <site>", "where the app is at home; failback leads there (default: the first site)")
    .addHelpText(
      "after",
      `
The kit is encrypted under UNDERSTUDY_PASSPHRASE (default: PULUMI_CONFIG_PASSPHRASE) in age's format. Keep copies of it
where the failed provider can't take them along, and make it anew after each up.

Example:
  $ understudy kit -o shop.kit`,
    )
    .action(async (options: Options) => {
      const passphrase = kitPassphrase();
      const kit = await gather(options);
      await sealKit(kit, options.output, passphrase);
      terminal.progress(`sealed ${Object.keys(kit.sites).join(", ")} and the zone into ${options.output}`);
    });
}

async function outputOf(projectDir: string, stack: string, name: string): Promise<Json> {
  const outputs = await (await Stack.open({ projectDir, stack })).outputs();
  const output = outputs[name];
  if (output !== undefined) return output.value;
  throw new UnderstudyError(`The stack '${stack}' has no output '${name}'.`, {
    code: "missing-output",
    path: stack,
    suggestion: `Bring it up first: understudy up ${stack}`,
  });
}

/** The stacks' outputs in one value. The app's description is that of the first site. */
async function gather({ cwd, sites, edge, home }: Options): Promise<Kit> {
  const handles = await Promise.all(sites.map((stack) => outputOf(cwd, stack, "site")));
  const traffic = await outputOf(cwd, edge, "traffic");
  const parts = handles.filter(isJsonObject).map(({ app, ...site }) => ({ app, site }));
  return parseKit({
    version: 1,
    madeAt: new Date().toISOString(),
    app: parts[0]?.app,
    sites: Object.fromEntries(parts.map(({ site }) => [String(site.name), site])),
    home: home ?? parts[0]?.site.name,
    traffic,
  });
}
