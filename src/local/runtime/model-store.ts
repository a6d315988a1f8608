import { join } from "node:path";
import { UnderstudyError } from "../../base/errors.ts";
import { readTextIfExists, writeFileAtomic } from "../../base/file.ts";
import type { Runtime } from "./contract.ts";

export type ModelStore = Pick<Runtime, "load" | "save"> & {
  /** Settles when all that was to be saved is. */
  flush(): Promise<void>;
};

/** Keeps one JSON value in `model.json`, readable by its owner only: it holds apps' configuration. */
export function createModelStore(folder: string): ModelStore {
  const path = join(folder, "model.json");
  let next: { readonly model: unknown; readonly written: PromiseWithResolvers<void> } | undefined;
  let writing: Promise<void> | undefined;

  async function writeAll(): Promise<void> {
    while (next !== undefined) {
      const { model, written } = next;
      next = undefined;
      await writeFileAtomic(path, JSON.stringify(model), { mode: 0o600 }).then(
        written.resolve,
        written.reject,
      );
    }
    writing = undefined;
  }

  return {
    load: async () => {
      const text = await readTextIfExists(path);
      if (text === undefined) return undefined;
      try {
        return JSON.parse(text) as unknown;
      } catch (error) {
        throw new UnderstudyError("The saved model of the local platform is not JSON.", {
          code: "damaged-file",
          path,
          cause: error,
          suggestion: "Run 'understudy local down' and 'understudy local up' for a fresh start.",
        });
      }
    },
    save: (model) => {
      // Those that wait are joined: the later model holds all that the earlier did.
      next = { model, written: next?.written ?? Promise.withResolvers<void>() };
      const { promise } = next.written;
      writing ??= writeAll();
      return promise;
    },
    flush: async () => {
      await writing;
    },
  };
}
