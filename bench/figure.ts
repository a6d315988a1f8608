/** One measured figure. */
export interface Figure {
  readonly median: number;
  readonly p95: number;
  readonly unit: string;
  /** How many measurements. */
  readonly n: number;
  /** The same work by somebody else, measured in the same run. */
  readonly rival?: { readonly name: string; readonly median: number; readonly p95: number };
}

/** Figures by name. */
export type Figures = Readonly<Record<string, Figure>>;

function at(sorted: readonly number[], share: number): number {
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  if (value === undefined) throw new Error("A figure needs at least one measurement.");
  return value;
}

export function figure(samples: readonly number[], unit: string): Figure {
  const sorted = [...samples].sort((a, b) => a - b);
  return { median: at(sorted, 0.5), p95: at(sorted, 0.95), unit, n: sorted.length };
}

/** Milliseconds that each of `n` calls took. */
export async function timed(
  n: number,
  work: (index: number) => Promise<unknown> | unknown,
): Promise<number[]> {
  const samples: number[] = [];
  for (let index = 0; index < n; index++) {
    const started = performance.now();
    await work(index);
    samples.push(performance.now() - started);
  }
  return samples;
}
