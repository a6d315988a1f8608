import { Command } from "commander";
import type { App } from "../../app/schema.ts";
import { compare, type Fidelity, type FieldFidelity } from "../../platform/fidelity.ts";
import { loadPlatform, platformNames } from "../../platform/registry.ts";
import { openApp } from "../app-file.ts";
import { columns, type Row, widthOf, wrap } from "../columns.ts";
import { exitCode } from "../exit.ts";
import { terminal } from "../terminal.ts";

interface Options {
  readonly to?: string;
  readonly app?: string;
  readonly json?: boolean;
  readonly strict?: boolean;
}

/** One platform's verdict on an app. */
interface Verdict {
  readonly platform: string;
  readonly title: string;
  readonly summary: Readonly<Record<Fidelity, number>>;
  readonly fields: readonly FieldFidelity[];
}

/** The worst first. */
const order: readonly Fidelity[] = ["dropped", "manual", "approximated", "exact"];

/** Says how well each platform carries each field of an app. */
export function checkCommand(): Command {
  return new Command("check")
    .description(
      "say what each platform makes of an app: exact, approximated, manual or dropped, field by field",
    )
    .option("--to <platform>", `one platform only: ${platformNames.join(", ")}`)
    .option("--app <file>", "the description (default: understudy.yaml, else what the files here say)")
    .option("--json", "print one JSON object")
    .option("--strict", "also fail when a field is only approximated")
    .addHelpText(
      "after",
      `
Exits with 0 when nothing is dropped, else with 3.

Examples:
  $ understudy check
  $ understudy check --to cloudfoundry --strict`,
    )
    .action(check);
}

async function check(options: Options): Promise<void> {
  const platforms = options.to === undefined ? platformNames : [options.to];
  // An unknown platform is told before a missing description.
  const loaded = await Promise.all(platforms.map(loadPlatform));
  const app = await openApp(options.app);
  const verdicts = loaded.map(({ name, title, capabilities }): Verdict => {
    const fields = [...compare(app, capabilities)].sort(
      (a, b) => order.indexOf(a.fidelity) - order.indexOf(b.fidelity),
    );
    const count = (fidelity: Fidelity): number =>
      fields.filter((field) => field.fidelity === fidelity).length;
    const summary = {
      exact: count("exact"),
      approximated: count("approximated"),
      manual: count("manual"),
      dropped: count("dropped"),
    };
    return { platform: name, title, summary, fields };
  });
  const bad = ({ summary }: Verdict): boolean =>
    summary.dropped > 0 || (options.strict === true && summary.approximated > 0);
  const faithful = !verdicts.some(bad);
  if (options.json === true) terminal.printJson({ app: app.name, faithful, platforms: verdicts });
  else print(app, verdicts);
  if (!faithful) process.exitCode = exitCode.notFaithful;
}

const styles = { exact: "green", approximated: "yellow", manual: "cyan", dropped: "red" } as const;

function print(app: App, verdicts: readonly Verdict[]): void {
  const width = widthOf(process.stdout);
  for (const { title, summary, fields } of verdicts) {
    terminal.print(terminal.style("bold", `${app.name} on ${title}`));
    const rows = rowsOf(fields).map(
      ({ fidelity, field, why }): Row => ({
        cells: [fidelity, field, why],
        style: (cell, column) =>
          column === 0 && cell !== "" ? terminal.style(styles[fidelity], cell) : cell,
      }),
    );
    for (const line of columns(rows, width)) terminal.print(line);
    const counts = order.map((fidelity) => {
      const text = `${summary[fidelity]} ${fidelity}`;
      return summary[fidelity] === 0 ? terminal.style("dim", text) : terminal.style(styles[fidelity], text);
    });
    const exact = fields.filter((field) => field.fidelity === "exact").map((field) => field.field);
    for (const [index, line] of wrap(exact.join(", "), width - 9).entries()) {
      terminal.print(`  ${index === 0 ? terminal.style("green", "exact") : "     "}  ${line}`);
    }
    terminal.print(`  ${counts.reverse().join(", ")}\n`);
  }
}

/** Fields that are not exact, those with the same reason put together. */
function rowsOf(
  fields: readonly FieldFidelity[],
): readonly { readonly fidelity: Fidelity; readonly field: string; readonly why: string }[] {
  const rest = fields.filter((field) => field.fidelity !== "exact");
  const why = ({ reason, fallback }: FieldFidelity): string =>
    [reason, fallback].filter((part) => part !== undefined).join(" → ");
  const groups = Map.groupBy(rest, (field) => `${field.fidelity} ${why(field)}`);
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    const field = group.map((item) => item.field).join("\n");
    return first === undefined ? [] : [{ fidelity: first.fidelity, field, why: why(first) }];
  });
}
