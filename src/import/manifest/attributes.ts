import type { Entry } from "../entry.ts";

/** One application's attributes, from its own block and, less and less specific, from the blocks that it inherits. */
export class Attributes {
  readonly #layers: readonly Entry[];

  constructor(layers: readonly Entry[]) {
    this.#layers = layers;
  }

  /** The application's own block, or that of one of its processes. */
  get own(): Entry | undefined {
    return this.#layers[0];
  }

  get(key: string): Entry | undefined {
    for (const layer of this.#layers) {
      const entry = layer.get(key);
      if (entry !== undefined) return entry;
    }
    return undefined;
  }

  /** What all layers say: lists of them are added up. */
  all(key: string): readonly Entry[] {
    return this.#layers.flatMap((layer) => layer.get(key) ?? []);
  }

  text(key: string): string | undefined {
    return this.get(key)?.text()?.trim() || undefined;
  }

  /** Environment variables are merged over all layers, name by name. */
  env(): ReadonlyMap<string, Entry> {
    const merged = new Map<string, Entry>();
    for (const layer of this.#layers) {
      for (const [name, entry] of layer.get("env")?.members() ?? [])
        if (!merged.has(name)) merged.set(name, entry);
    }
    return merged;
  }

  /** The same, seen from a block within, e.g. a process: what it does not say, this one says. */
  within(block: Entry): Attributes {
    return new Attributes([block, ...this.#layers]);
  }
}

/** What makes an application a worker: no routes, by word or for want of an HTTP check. */
export function isWorker(attributes: Attributes): boolean {
  if (attributes.get("no-route")?.scalar() === true) return true;
  const check = attributes.text("health-check-type");
  const routed = ["routes", "host", "hosts", "domain", "domains", "random-route", "default-route"].some(
    (key) => attributes.get(key) !== undefined,
  );
  return (check === "process" || check === "none") && !routed;
}
