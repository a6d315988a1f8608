/**
 * Asks several in turn, the next one whenever those before have failed or let `staggerMs` pass, and takes the first good
 * answer: a dead first server costs little. Rejects with the first one's error when all have failed.
 */
export async function firstGood<Source, Result>(
  sources: readonly Source[],
  ask: (source: Source, signal: AbortSignal) => Promise<Result>,
  options: { readonly staggerMs: number; readonly signal?: AbortSignal | undefined },
): Promise<Result> {
  const ended = new AbortController();
  const signal =
    options.signal === undefined ? ended.signal : AbortSignal.any([ended.signal, options.signal]);
  const errors: unknown[] = [];
  try {
    return await new Promise<Result>((resolve, reject) => {
      let asked = 0;
      let timer: NodeJS.Timeout | undefined;
      const askNext = (): void => {
        clearTimeout(timer);
        const index = asked++;
        const source = sources[index];
        if (source === undefined) return;
        ask(source, signal).then(resolve, (error: unknown) => {
          errors[index] = error;
          if (Object.keys(errors).length === sources.length) reject(errors[0]);
          else if (asked === index + 1) askNext();
        });
        if (asked < sources.length) timer = setTimeout(askNext, options.staggerMs);
      };
      signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
      askNext();
    });
  } finally {
    ended.abort();
  }
}
