import { rcode, rcodeName, tsigError, tsigErrorName } from "../base/dns/codes.ts";
import { readTsig, signMessage, type TsigKey, verifyMessage } from "../base/dns/tsig.ts";
import { RefusedError, RetryableError, UnderstudyError, UnsupportedError } from "../base/errors.ts";
import { formatServerAddress, type ServerAddress } from "./address.ts";
import { type Answer, exchange } from "./exchange.ts";

/**
 * What came of one UPDATE. `condition-failed`: the zone isn't as the prerequisites say; nothing was changed.
 * `unknown`: no answer that can be trusted; it may have been made or not.
 */
export type Submission =
  | { readonly kind: "done" }
  | { readonly kind: "condition-failed" }
  | { readonly kind: "unknown"; readonly cause: RetryableError };

export interface SubmitOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly transport: "udp" | "tcp";
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * Signs and sends one UPDATE, once. Throws what another try can't mend: `zone-refused`, `zone-not-authoritative`,
 * `key-unknown`, `key-wrong`, `clock-skew` and the like; each says what to do.
 */
export async function submitUpdate(
  server: ServerAddress,
  update: Buffer,
  key: TsigKey,
  options: SubmitOptions,
): Promise<Submission> {
  const seconds = (): number => Math.floor(options.now() / 1000);
  const signed = signMessage(update, key, { timeSigned: seconds() });
  let answer: Answer;
  try {
    answer = await exchange(server, signed.wire, { ...options, mode: `once-${options.transport}` });
  } catch (error) {
    if (error instanceof RetryableError) return { kind: "unknown", cause: error };
    throw error;
  }
  const place = formatServerAddress(server);
  const stated = readTsig(answer.message)?.error ?? 0;
  if (stated !== 0) throw keyError(place, key, stated, answer, seconds());

  const problem = verifyMessage(answer.wire, answer.message, key, {
    now: seconds(),
    requestMac: signed.mac,
  });
  const { rcode: code } = answer.message;
  if (problem === undefined) {
    if (code === rcode.NOERROR) return { kind: "done" };
    if (code === rcode.NXRRSET || code === rcode.YXRRSET) return { kind: "condition-failed" };
  } else if (code === rcode.NOERROR || code === rcode.NXRRSET || code === rcode.YXRRSET) {
    const cause = new RetryableError(
      `The answer of ${place} is not signed as it should be (${tsigErrorName(problem)}), so it is not believed.`,
      { code: "answer-unsigned", suggestion: "Check that nothing between here and the server alters DNS." },
    );
    return { kind: "unknown", cause };
  }
  // A refusal is believed without a signature: it changes nothing, and servers that know no key can't sign.
  throw rcodeError(place, code, key);
}

/** RFC 8945, section 5.3: what the server holds against key, MAC or time. */
function keyError(place: string, key: TsigKey, error: number, answer: Answer, now: number): UnderstudyError {
  const name = `key '${key.name}' (${key.algorithm})`;
  switch (error) {
    case tsigError.BADKEY:
      return new RefusedError(`${place} does not know the ${name}, or does not admit it here.`, {
        code: "key-unknown",
        rule: "BADKEY",
        suggestion:
          "Check the key's name and algorithm against the server's configuration, and that the zone admits it for these names (Knot says the same of a key whose acl does not cover the change).",
      });
    case tsigError.BADSIG:
      return new RefusedError(`${place} knows the ${name}, but the secret is another there.`, {
        code: "key-wrong",
        rule: "BADSIG",
        suggestion: "Copy the key's secret from the server's configuration again.",
      });
    case tsigError.BADTIME: {
      const other = readTsig(answer.message)?.other;
      const skew = other?.length === 6 ? other.readUIntBE(0, 6) - now : undefined;
      const how =
        skew === undefined
          ? "the clocks differ too much"
          : `this machine's clock is ${Math.abs(skew)} s ${skew > 0 ? "behind" : "ahead of"} the server's`;
      return new RefusedError(`${place} refuses the update since ${how}; 300 s are allowed.`, {
        code: "clock-skew",
        rule: "BADTIME",
        suggestion: "Set the clock of this machine (or the server) right, e.g. by NTP.",
      });
    }
    default:
      return new RefusedError(`${place} refuses the ${name} with ${tsigErrorName(error)}.`, {
        code: "key-refused",
        rule: tsigErrorName(error),
        suggestion: "Check the key on the server.",
      });
  }
}

function rcodeError(place: string, code: number, key: TsigKey): UnderstudyError {
  const seen = `${place} answered the update with ${rcodeName(code)}`;
  switch (code) {
    case rcode.REFUSED:
      return new RefusedError(`${seen}: the key '${key.name}' may not make this change.`, {
        code: "zone-refused",
        rule: "REFUSED",
        suggestion:
          "Allow the key to update the names and the ledger's TXT record (bind9: update-policy; Knot: acl with action update).",
      });
    case rcode.NOTAUTH:
      return new UnderstudyError(`${seen}: it is no primary server of the zone.`, {
        code: "zone-not-authoritative",
        suggestion: "Name the zone and its primary server (the first of servers, or primary) right.",
      });
    case rcode.NOTZONE:
      return new UnderstudyError(`${seen}: a name is not in the zone.`, {
        code: "not-in-zone",
        suggestion: "Check names against zone in the settings.",
      });
    case rcode.NOTIMP:
      return new UnsupportedError(`${seen}: it takes no dynamic updates.`, {
        code: "no-dynamic-updates",
        suggestion: "Switch them on for the zone, or move the zone to a server that takes them.",
      });
    case rcode.SERVFAIL:
      return new RetryableError(`${seen}: it failed on its own side.`, {
        code: "zone-server-failed",
        suggestion: "Look into the server's log (often the zone's file or journal can't be written).",
      });
    default:
      return new UnderstudyError(`${seen}.`, {
        code: "zone-update-failed",
        suggestion: "Look into the server's log.",
      });
  }
}
