import type { Entry } from "../entry.ts";
import { addVariable, secretReason } from "../env.ts";
import type { Collector } from "../findings.ts";
import { looksSecret } from "../secrecy.ts";
import { referencesIn } from "./references.ts";

type Pair = readonly [name: string, value: string];

/** The variables of all services: lists of `NAME` (to be given), `NAME=default`, and `*`. */
export class Environment {
  readonly #collector: Collector;
  /** What serves all processes: the value that comes first. */
  readonly #shared = new Map<string, string>();

  constructor(common: Entry | undefined, collector: Collector) {
    this.#collector = collector;
    this.read(common, false);
  }

  /** Reads a service's list. Gives back the variables that only it has, as far as its command can set them. */
  read(list: Entry | undefined, hasCommand: boolean): readonly Pair[] {
    return (list?.items() ?? []).flatMap((item) => this.#take(item, hasCommand));
  }

  #take(item: Entry, hasCommand: boolean): readonly Pair[] {
    const text = item.text()?.trim();
    if (text === "*") {
      item.ignored("all variables reach every process here");
      return [];
    }
    const [, name, given, value = ""] = /^([^=]+?)\s*(=(.*))?$/s.exec(text ?? "") ?? [];
    if (name === undefined) {
      item.dropped("an item is a text: NAME or NAME=value");
      return [];
    }
    const unknown = referencesIn(value);
    if (unknown !== undefined) {
      if (addVariable(this.#collector, { name, from: item }) !== undefined)
        item.approximated(`${unknown}: it is listed with the secrets, whose values are given to each stack`);
      return [];
    }
    const shared = this.#shared.get(name);
    if (value !== "" && shared !== undefined && shared !== value)
      return this.#takeOwn(item, [name, value], hasCommand);
    const section = addVariable(this.#collector, { name, from: item, value: value || undefined });
    if (section === "config") this.#shared.set(name, value);
    // An empty default is a value: it need not be given.
    else if (section === "secrets" && given !== undefined && value === "")
      this.#collector.also(item, ["secrets", name, "required"], false);
    return [];
  }

  #takeOwn(item: Entry, [name, value]: Pair, hasCommand: boolean): readonly Pair[] {
    const differs = "it differs from what other processes are given";
    if (looksSecret(name, value)) item.dropped(`${differs}, and ${secretReason}`);
    else if (!hasCommand) item.dropped(`${differs}, and there is no command to set it in`);
    else {
      item.approximated("variables that only this process has are set in its command");
      return [[name, value]];
    }
    const message = `${name} has a value of its own for this process, which is not carried over: one environment serves all processes.`;
    this.#collector.note("own-variable", message, item);
    return [];
  }
}
