import { type Clock, systemClock } from "../base/clock.ts";
import { rcode, rcodeName, recordType, typeName } from "../base/dns/codes.ts";
import { decodeData } from "../base/dns/data.ts";
import type { DecodedMessage, ResourceRecord } from "../base/dns/message.ts";
import { canonicalName } from "../base/dns/name.ts";
import { NotFoundError, RetryableError, UnderstudyError } from "../base/errors.ts";
import { parseServerAddress, type ServerAddress } from "./address.ts";
import { exchange } from "./exchange.ts";
import { questionFor } from "./reading.ts";

/** Where a name leads. */
export interface Resolution {
  /** IPv4 addresses, or IPv6 ones when there are no others. Never empty. */
  readonly addresses: readonly string[];
  /** How long this may still be kept: the shortest on the way. */
  readonly ttlSeconds: number;
  /** The name, then each name that a CNAME led to. */
  readonly chain: readonly string[];
}

export interface ResolverOptions {
  /** `ADDRESS:PORT` of a resolver, or of an authoritative server. */
  readonly server: string;
  /** For one question, milliseconds. @default 5_000 */
  readonly timeoutMs?: number;
  /** Ends all that is under way. */
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
}

/** What was learned about a name and type. */
type Answer =
  | { readonly kind: "records"; readonly values: readonly string[] }
  | { readonly kind: "alias"; readonly target: string }
  | { readonly kind: "nothing" };

type Cached = Answer & {
  /** On the clock's `monotonic`. */
  readonly expiresAt: number;
};

const longestChain = 8;

/**
 * A stub resolver with a cache that keeps each answer for its TTL, as users' resolvers do: it shows what they would see
 * of a change, and when. Questions for the same name that are under way are asked once.
 */
export class StubResolver {
  readonly #server: ServerAddress;
  readonly #timeoutMs: number;
  readonly #signal: AbortSignal | undefined;
  readonly #clock: Clock;
  readonly #cache = new Map<string, Cached>();
  readonly #asking = new Map<string, Promise<Cached>>();

  constructor({ server, timeoutMs = 5_000, signal, clock = systemClock }: ResolverOptions) {
    const address = parseServerAddress(server);
    if (address === undefined) {
      throw new UnderstudyError(`'${server}' is not the address of a name server.`, {
        code: "bad-server-address",
        suggestion: "Write ADDRESS:PORT, e.g. 127.0.0.1:53.",
      });
    }
    this.#server = address;
    this.#timeoutMs = timeoutMs;
    this.#signal = signal;
    this.#clock = clock;
  }

  /** Throws `NotFoundError` when the name has no address, `RetryableError` when the server gives no (good) answer. */
  async resolve(name: string): Promise<Resolution> {
    const chain: string[] = [];
    let expiresAt = Number.POSITIVE_INFINITY;
    let current = canonicalName(name);
    while (chain.length <= longestChain) {
      chain.push(current);
      let answer = await this.#lookup(current, recordType.A);
      if (answer.kind === "nothing") answer = await this.#lookup(current, recordType.AAAA);
      expiresAt = Math.min(expiresAt, answer.expiresAt);
      if (answer.kind === "nothing") {
        throw new NotFoundError(`${chain.join(" -> ")} has no address.`, { code: "no-address", path: name });
      }
      if (answer.kind === "records") {
        const ttlSeconds = Math.max(0, (expiresAt - this.#clock.monotonic()) / 1000);
        return { addresses: answer.values, ttlSeconds, chain };
      }
      current = answer.target;
    }
    throw new NotFoundError(`${chain.join(" -> ")}: the chain of CNAMEs has no end.`, {
      code: "no-address",
      path: name,
    });
  }

  async #lookup(name: string, type: number): Promise<Cached> {
    const cached = this.#fresh(name, type) ?? this.#fresh(name, recordType.CNAME);
    if (cached !== undefined) return cached;
    const key = cacheKey(name, type);
    const asking = this.#asking.get(key) ?? this.#ask(name, type).finally(() => this.#asking.delete(key));
    this.#asking.set(key, asking);
    return asking;
  }

  #fresh(name: string, type: number): Cached | undefined {
    const cached = this.#cache.get(cacheKey(name, type));
    return cached !== undefined && cached.expiresAt > this.#clock.monotonic() ? cached : undefined;
  }

  async #ask(name: string, type: number): Promise<Cached> {
    const { message } = await exchange(this.#server, questionFor(name, type, true), {
      timeoutMs: this.#timeoutMs,
      signal: this.#signal,
      mode: "question",
    });
    if (message.rcode !== rcode.NOERROR && message.rcode !== rcode.NXDOMAIN) {
      throw new RetryableError(
        `The resolver answered ${rcodeName(message.rcode)} for ${name} ${typeName(type)}.`,
        {
          code: "dns-refused",
          path: name,
        },
      );
    }
    const learned = this.#learn(message);
    return (
      learned.get(cacheKey(name, type)) ??
      learned.get(cacheKey(name, recordType.CNAME)) ??
      this.#nothing(message, name, type)
    );
  }

  /** Puts each set of records of an answer into the cache, and gives them. */
  #learn(message: DecodedMessage): ReadonlyMap<string, Cached> {
    const sets = Map.groupBy(message.answers, (record) => cacheKey(canonicalName(record.name), record.type));
    const learned = new Map<string, Cached>();
    for (const [key, records] of sets) {
      const answer = answerOf(records);
      if (answer === undefined) continue;
      const ttl = Math.min(...records.map((record) => record.ttl));
      learned.set(key, { ...answer, expiresAt: this.#clock.monotonic() + 1000 * ttl });
    }
    for (const [key, cached] of learned) this.#cache.set(key, cached);
    return learned;
  }

  /** That there is nothing may be kept as long as the zone's SOA says (RFC 2308, section 5). */
  #nothing(message: DecodedMessage, name: string, type: number): Cached {
    const soa = message.authorities.find(
      (record) => record.type === recordType.SOA && record.data.length >= 20,
    );
    const ttl = soa === undefined ? 0 : Math.min(soa.ttl, soa.data.readUInt32BE(soa.data.length - 4));
    const cached: Cached = { kind: "nothing", expiresAt: this.#clock.monotonic() + 1000 * ttl };
    this.#cache.set(cacheKey(name, type), cached);
    return cached;
  }
}

function cacheKey(name: string, type: number): string {
  return `${name} ${type}`;
}

function answerOf(records: readonly ResourceRecord[]): Answer | undefined {
  const first = records[0];
  if (first === undefined) return undefined;
  const values = records.map((record) => decodeData(record.type, record.data));
  if (first.type === recordType.CNAME) return { kind: "alias", target: canonicalName(values[0] ?? ".") };
  return first.type === recordType.A || first.type === recordType.AAAA
    ? { kind: "records", values }
    : undefined;
}
