import type { Entry } from "../entry.ts";
import { addVariable, exporting, secretReason } from "../env.ts";
import type { Collector } from "../findings.ts";
import { looksSecret } from "../secrecy.ts";
import type { Attributes } from "./attributes.ts";
import { needs } from "./process.ts";
import { variablesIn } from "./variables.ts";

/** A variable's value as the platform reads it: by YAML 1.1, where an unquoted yes is true, and 010 is 8. */
function readText(entry: Entry): string | undefined {
  const { tree } = entry;
  const text = entry.text();
  if (tree.kind !== "scalar" || tree.plain !== true) return text;
  if (/^(yes|on)$/i.test(tree.text)) return "true";
  if (/^(no|off)$/i.test(tree.text)) return "false";
  return /^0[0-7]+$/.test(tree.text) ? String(Number.parseInt(tree.text, 8)) : text;
}

/** Reads the environment of the application that stands for the whole app. */
export function readEnv(attributes: Attributes, collector: Collector): void {
  for (const [name, from] of attributes.env()) {
    const text = readText(from);
    if (text === undefined) {
      from.dropped("a variable's value is a text");
      continue;
    }
    const unknown = variablesIn(text);
    const value = from.scalar() === null || unknown.length > 0 ? undefined : text;
    const section = addVariable(collector, { name, from, value });
    if (section === undefined) continue;
    if (unknown.length > 0) {
      const reason = `${needs(unknown)}: it is listed with the secrets, whose values are given to each stack`;
      from.claim({ status: "approximated", reason, to: `secrets.${name}` });
    }
    const written = from.tree.kind === "scalar" ? from.tree.text : text;
    if ((typeof from.scalar() === "number" || from.text() !== text) && written !== text) {
      collector.note(
        "number-rewritten",
        `${name} is written ${written} without quotes: the platform reads ${text}.`,
        from,
      );
    }
  }
}

/**
 * Shell text that sets, before a worker's command, the variables in which it differs from the app as a whole;
 * the description has one environment for all processes.
 */
export function ownVariables(worker: Attributes, app: Attributes, collector: Collector): string {
  const shared = app.env();
  const own: (readonly [name: string, value: string])[] = [];
  for (const [name, entry] of worker.env()) {
    const text = readText(entry);
    const common = shared.get(name);
    if (text === undefined || (common !== undefined && text === readText(common))) {
      entry.carried();
      continue;
    }
    const unknown = variablesIn(text);
    const lost = unknown.length > 0 || looksSecret(name, text) || worker.text("command") === undefined;
    if (unknown.length > 0) entry.dropped(`it differs from the main application's, and ${needs(unknown)}`);
    else if (looksSecret(name, text))
      entry.dropped(`it differs from the main application's, and ${secretReason}`);
    else if (!/^[A-Za-z_]\w*$/.test(name)) entry.dropped("not a name that every platform accepts");
    else if (lost)
      entry.dropped("it differs from the main application's, and there is no command to set it in");
    else {
      entry.approximated("variables that only this process has are set in its command");
      own.push([name, text]);
    }
    if (lost) {
      const message = `${name} has a value of its own for this application, which is not carried over: one environment serves all processes.`;
      collector.note("own-variable", message, entry);
    }
  }
  return exporting(own);
}
