/** What is known of the source's sequences: their last values, as read with the windows. */
export interface Carried {
  /** By quoted name. */
  readonly values: Readonly<Record<string, string>>;
  /** Read after the fence: nothing can have been drawn since. */
  readonly final: boolean;
}

/** A sequence at the target. */
export interface OwnSequence {
  /** Null = never used. */
  readonly last: string | null;
  readonly increment: string;
  readonly min: string;
  readonly max: string;
}

/** How far past the last value that was seen, in steps, when the source can't say what was drawn after it. */
const marginSteps = 10_000n;

/** Where each sequence must stand so that no value of the source's is given out again, as `setval` takes it. */
export function nextValues(
  carried: Carried,
  own: Readonly<Record<string, OwnSequence>>,
): { readonly values: Readonly<Record<string, string>>; readonly notes: readonly string[] } {
  const values: Record<string, string> = {};
  const notes: string[] = [];
  const margin = carried.final ? 0n : marginSteps;
  for (const [name, last] of Object.entries(carried.values).sort()) {
    const here = own[name];
    if (here === undefined) {
      notes.push(`sequence ${name} is at the source only and could not be set`);
      continue;
    }
    const step = BigInt(here.increment);
    const past = (a: bigint, b: bigint) => (step > 0n ? a > b : a < b);
    let next = BigInt(last) + margin * step;
    const limit = BigInt(step > 0n ? here.max : here.min);
    if (past(next, limit)) {
      next = limit;
      notes.push(`sequence ${name} has reached its end at ${limit}`);
    }
    if (here.last !== null && past(BigInt(here.last), next)) next = BigInt(here.last);
    values[name] = String(next);
  }
  if (!carried.final && Object.keys(values).length > 0) {
    notes.push(
      `the source could not be asked where its sequences stand after its fence: they were set ${marginSteps} steps past what was last seen`,
    );
  }
  return { values, notes };
}
