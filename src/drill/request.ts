/** One request of the visitor and what came of it. */
export interface RequestRecord {
  /** When it was due to be sent, milliseconds since 1970. */
  readonly at: number;
  readonly kind: "read" | "write";
  readonly ok: boolean;
  /** The status, or why there was none: `ECONNREFUSED`, `deadline`, `dns`. */
  readonly outcome: string;
  /** From when it was due until the whole answer had come, or hope was given up. */
  readonly latencyMs: number;
  /** Where it was sent; undefined when the name could not be resolved. */
  readonly address: string | undefined;
  /** Of a write: what it wrote. An acknowledged write is one with `ok`. */
  readonly id?: string;
}

/** Acknowledged writes: the app promised that they are stored. */
export function acknowledged(requests: readonly RequestRecord[]): readonly RequestRecord[] {
  return requests.filter((request) => request.kind === "write" && request.ok);
}
