/** Tells those who wait that something changed, so that they look again. */
export class Changes {
  readonly #listeners = new Set<() => void>();

  notify(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  /** Settles with the first value that `look` gives, now or after a change; throws the signal's reason once it aborts. */
  until<T>(look: () => T | undefined, signal?: AbortSignal): Promise<T> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        this.#listeners.delete(check);
        signal?.removeEventListener("abort", abort);
      };
      const abort = (): void => {
        end();
        reject(signal?.reason);
      };
      const check = (): void => {
        try {
          const value = look();
          if (value === undefined) return;
          end();
          resolve(value);
        } catch (error) {
          end();
          reject(error);
        }
      };
      if (signal?.aborted === true) return reject(signal.reason);
      this.#listeners.add(check);
      signal?.addEventListener("abort", abort, { once: true });
      check();
    });
  }
}
