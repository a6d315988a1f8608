import { isReservedEnv } from "../app/rules/names.ts";
import type { Collector } from "./findings.ts";
import type { Claimable } from "./ledger.ts";
import { looksSecret } from "./secrecy.ts";

/** One environment variable, as a file states it. */
export interface Variable {
  readonly name: string;
  /** Where it stands. */
  readonly from: Claimable;
  /** Where its value stands, when that is a place of its own. */
  readonly valueFrom?: Claimable | undefined;
  readonly value?: string | undefined;
  readonly generate?: boolean;
}

const placeholder =
  /<[^<>]+>|CHANGE[-_ ]?ME|\bCHANGE\b|ENTER_YOUR|HEROKU_APP_NAME|YOUR[-_]?APP|\{app-name\}|\$\{[^{}]+\}|\(\(\s*[\w.-]+\s*\)\)/i;
const platformHost =
  /\.(herokuapp\.com|app\.cloud\.gov|cfapps\.io|mybluemix\.net|cloudapps\.digital|hana\.ondemand\.com)\b/i;

export const secretReason =
  "it looks like a secret: only its name is taken, its value has to be given to each stack as a secret";

/**
 * Puts a variable where it belongs: config when its value is known and no secret, else secrets.
 * Gives back the section that it went to, or undefined when it can't be kept.
 */
export function addVariable(collector: Collector, variable: Variable): "config" | "secrets" | undefined {
  const { name, from, value } = variable;
  const valueFrom = variable.valueFrom ?? from;
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    from.claim({ status: "dropped", reason: "not a name that every platform accepts" });
    return undefined;
  }
  if (isReservedEnv(name)) {
    from.claim({ status: "ignored", reason: "the platform sets it" });
    return undefined;
  }
  if (variable.generate === true) {
    collector.carry(from, ["secrets", name], {});
    collector.carry(valueFrom, ["secrets", name, "generate"], true);
    return "secrets";
  }
  if (value === undefined) {
    collector.carry(from, ["secrets", name], {});
    return "secrets";
  }
  if (looksSecret(name, value)) {
    if (valueFrom !== from) collector.carry(from, ["secrets", name], {});
    collector.approximate(valueFrom, ["secrets", name], {}, secretReason);
    collector.note("secret-left-out", `${name}: ${secretReason}.`, valueFrom, ["secrets", name]);
    return "secrets";
  }
  if (valueFrom !== from) from.claim({ status: "carried", to: `config.${name}` });
  collector.carry(valueFrom, ["config", name], value);
  if (placeholder.test(value)) {
    collector.note("placeholder", `${name} holds a placeholder: replace it.`, valueFrom, ["config", name]);
  } else if (platformHost.test(value)) {
    const message = `${name} names a host of the platform itself: after a cutover that host is not the app any more; use your own domain.`;
    collector.note("platform-host", message, valueFrom, ["config", name]);
  }
  return "config";
}

/** Shell text that sets variables for the command behind it. */
export function exporting(variables: readonly (readonly [name: string, value: string])[]): string {
  const words = variables.map(([name, value]) => `${name}='${value.replaceAll("'", `'\\''`)}'`);
  return words.length === 0 ? "" : `export ${words.join(" ")}; `;
}
