import { type Clock, systemClock } from "../base/clock.ts";
import { typeName } from "../base/dns/codes.ts";
import type { TsigKey } from "../base/dns/tsig.ts";
import { messageOf, RefusedError, RetryableError, UnderstudyError } from "../base/errors.ts";
import { formatServerAddress, parseServerAddress, type ServerAddress } from "./address.ts";
import { Budget } from "./budget.ts";
import {
  type Ledger,
  StaleEpochError,
  type TrafficChange,
  type TrafficState,
  type Verification,
  type Zone,
  type ZoneOptions,
} from "./contract.ts";
import { checkChange } from "./guard.ts";
import { sameLedger } from "./ledger.ts";
import { firstGood } from "./race.ts";
import {
  describeLedger,
  differences,
  type Expectation,
  type Reading,
  readRecords,
  readServer,
  stateOf,
} from "./reading.ts";
import { ledgerName, type Rfc2136Settings } from "./settings.ts";
import { submitUpdate } from "./submit.ts";
import { describeTarget, sameTarget } from "./target.ts";
import { encodeUpdate, typesBesideNoAlias, type UpdateSpec } from "./update.ts";

const defaultTimeoutMs = 5_000;
/** How long the first server may be silent before the next one is asked as well. */
const staggerMs = 500;
/** How often an update is sent when its answers get lost. */
const updateTries = 3;

/** A zone that takes dynamic updates (RFC 2136), signed (RFC 8945). */
export class Rfc2136Zone implements Zone {
  readonly #settings: Rfc2136Settings;
  readonly #servers: readonly ServerAddress[];
  readonly #primary: ServerAddress;
  readonly #clock: Clock;

  constructor(settings: Rfc2136Settings, clock: Clock = systemClock) {
    this.#settings = settings;
    this.#servers = settings.servers.map(serverOf);
    this.#primary = serverOf(settings.primary ?? settings.servers[0] ?? "");
    this.#clock = clock;
  }

  async read(options: ZoneOptions = {}): Promise<TrafficState> {
    const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
    const reading = await firstGood(
      this.#servers,
      (server, signal) => readServer(server, this.#settings, { timeoutMs, signal }),
      { staggerMs, signal: options.signal },
    );
    return stateOf(reading);
  }

  async change(change: TrafficChange, options: ZoneOptions = {}): Promise<void> {
    checkChange(change, this.#settings);
    const { expect, ledger, target, ttlSeconds } = change;
    const wanted: Expectation = { ledger, target, ttlSeconds };
    const budget = this.#budget(options);
    const before = await this.#readPrimary(budget);
    // A repeated call finds its own work done; `by` tells it from a rival's.
    if (differences(before, wanted).length === 0) return;
    this.#checkLedger(before, expect);
    this.#checkOwned(before, change);
    const spec = { expect: before.ledgerData, make: { ledger, target, ttlSeconds } };
    await this.#update(spec, budget, (now) => {
      if (differences(now, wanted).length === 0) return true;
      this.#checkLedger(now, expect);
      return false;
    });
  }

  async verify(
    expect: { readonly ledger: Ledger; readonly target: TrafficChange["target"] },
    options: ZoneOptions = {},
  ): Promise<readonly Verification[]> {
    const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
    const { signal } = options;
    return Promise.all(
      this.#servers.map(async (address) => {
        const server = formatServerAddress(address);
        try {
          const reading = await readServer(address, this.#settings, { timeoutMs, signal });
          const wrong = differences(reading, expect);
          const detail =
            wrong.length > 0
              ? wrong.join("; ")
              : `${describeLedger(expect.ledger)}: ${describeTarget(expect.target)}`;
          return { server, ok: wrong.length === 0, answered: true, detail };
        } catch (error) {
          signal?.throwIfAborted();
          const answered = !(error instanceof RetryableError);
          return { server, ok: false, answered, detail: messageOf(error) };
        }
      }),
    );
  }

  async remove(expect: Ledger, options: ZoneOptions = {}): Promise<void> {
    const budget = this.#budget(options);
    const before = await this.#readPrimary(budget);
    if (before.ledger === undefined) return;
    this.#checkLedger(before, expect);
    await this.#update({ expect: before.ledgerData, make: undefined }, budget, (now) => {
      if (now.ledger === undefined) return true;
      this.#checkLedger(now, expect);
      return false;
    });
  }

  /**
   * Sends an update until it is known to be made. After a lost answer it looks before it sends again; that is safe in
   * any case, since the condition fails once the ledger has moved. `isDone` throws when it never can be.
   */
  async #update(spec: UpdateSpec, budget: Budget, isDone: (now: Reading) => boolean): Promise<void> {
    const key = this.#key();
    const wire = encodeUpdate(this.#settings, spec);
    for (let attempt = 1; ; attempt++) {
      const result = await submitUpdate(this.#primary, wire, key, {
        timeoutMs: budget.share(updateTries + 1 - attempt),
        signal: budget.signal,
        // Some networks let only TCP through.
        transport: attempt === 1 ? "udp" : "tcp",
        now: () => this.#clock.now(),
      });
      if (result.kind === "done") return;
      if (await this.#lookBack(budget, isDone, result.kind === "unknown" ? result.cause : undefined)) return;
      if (result.kind === "condition-failed") throw await this.#blocked(budget);
      if (attempt === updateTries || budget.left() <= 0) throw this.#notMade(result.cause);
    }
  }

  async #lookBack(
    budget: Budget,
    isDone: (now: Reading) => boolean,
    cause: RetryableError | undefined,
  ): Promise<boolean> {
    let now: Reading;
    try {
      now = await this.#readPrimary(budget);
    } catch (error) {
      if (cause === undefined || !(error instanceof RetryableError)) throw error;
      throw new RetryableError(
        `It is not known whether the change of ${this.#name()} was made: ${cause.message} Nor did it answer a question since.`,
        {
          code: "change-unknown",
          path: this.#name(),
          cause,
          suggestion: "Run the same command again: it finds out, and never makes the change twice.",
        },
      );
    }
    return isDone(now);
  }

  #notMade(cause: RetryableError): RetryableError {
    return new RetryableError(`The change of ${this.#name()} has not been made: ${cause.message}`, {
      code: "change-not-made",
      path: this.#name(),
      cause,
      ...(cause.suggestion === undefined ? {} : { suggestion: cause.suggestion }),
    });
  }

  /** Why the server says that the zone isn't as expected although the ledger is. */
  async #blocked(budget: Budget): Promise<UnderstudyError> {
    for (const name of this.#settings.names) {
      for (const type of typesBesideNoAlias) {
        const records = await readRecords(this.#primary, name, type, budget.read());
        if (!records.some((record) => record.type === type)) continue;
        return new RefusedError(
          `${name} has ${typeName(type)} records, and a CNAME can't stand beside others.`,
          {
            code: "change-refused",
            rule: "alias-stands-alone",
            path: name,
            suggestion: `Move the ${typeName(type)} records to another name, or use a target with addresses (type A or AAAA).`,
          },
        );
      }
    }
    return new RetryableError(`The zone changed while ${this.#name()} was being changed; nothing was done.`, {
      code: "zone-in-flux",
      path: this.#name(),
      suggestion: "Run it again.",
    });
  }

  #checkLedger({ ledger }: Reading, expect: Ledger | undefined): void {
    if (sameLedger(ledger, expect)) return;
    throw new StaleEpochError(
      `The ledger of ${this.#name()} says ${describeLedger(ledger)}; this change was made for ${describeLedger(expect)}.`,
      {
        code: "stale-epoch",
        path: this.#name(),
        suggestion: "Somebody else has changed it since. Look at the status, then decide anew.",
      },
    );
  }

  /** A first change, or one that keeps the ledger, must not move users: it is made by a deployment, not a cutover. */
  #checkOwned({ names }: Reading, { expect, ledger, target, overwrite }: TrafficChange): void {
    if (expect !== undefined && !sameLedger(expect, ledger)) return;
    if (expect === undefined && overwrite === true) return;
    const moved = names.find((name) => name.target !== undefined && !sameTarget(name.target, target));
    if (moved === undefined) return;
    throw new RefusedError(
      `${moved.name} leads to ${describeTarget(moved.target)} already; this would move it to ${describeTarget(target)}.`,
      {
        code: "change-refused",
        rule: "records-not-ours",
        path: moved.name,
        suggestion:
          expect === undefined
            ? "Remove those records, or let it replace them: understudy config set edge understudy:overwrite true"
            : "Move traffic by a cutover, which takes the next epoch.",
      },
    );
  }

  #key(): TsigKey {
    if (this.#settings.key !== undefined) return this.#settings.key;
    throw new UnderstudyError(`The zone ${this.#settings.zone} can't be changed without a key.`, {
      code: "key-missing",
      path: this.#name(),
      suggestion: "Give the TSIG key that may update the zone.",
    });
  }

  #name(): string {
    return this.#settings.names[0] ?? ledgerName(this.#settings);
  }

  #readPrimary(budget: Budget): Promise<Reading> {
    return readServer(this.#primary, this.#settings, budget.read());
  }

  #budget({ signal, timeoutMs = defaultTimeoutMs }: ZoneOptions): Budget {
    return new Budget(this.#clock, timeoutMs, signal);
  }
}

function serverOf(text: string): ServerAddress {
  const server = parseServerAddress(text);
  if (server !== undefined) return server;
  throw new UnderstudyError(`'${text}' is not the address of a name server.`, {
    code: "bad-server-address",
    suggestion: "Write ADDRESS:PORT, e.g. 192.0.2.1:53.",
  });
}
