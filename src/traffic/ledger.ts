import { txtStrings } from "../base/dns/data.ts";
import { UnderstudyError } from "../base/errors.ts";
import type { Ledger } from "./contract.ts";

/** The fields of a ledger are plain words, so that `;` and `=` can stand between them. */
const word = /^[A-Za-z0-9._:@-]{1,63}$/;
const pattern = /^v=1;epoch=([1-9]\d{0,14});active=([^;=]+);by=([^;=]+)$/;

/** Whether a site's or run's name can be written into a ledger. */
export function isLedgerWord(text: string): boolean {
  return word.test(text);
}

/** `v=1;epoch=7;active=mirror;by=run-12`: always below 255 bytes, one string of a TXT record. */
export function formatLedger({ epoch, active, by }: Ledger): string {
  return `v=1;epoch=${epoch};active=${active};by=${by}`;
}

export function sameLedger(a: Ledger | undefined, b: Ledger | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && formatLedger(a) === formatLedger(b));
}

/** Reads a ledger's text. Throws `newer-ledger` or `foreign-ledger`; `place` is the record's name, for the message. */
export function parseLedger(text: string, place: string): Ledger {
  const [, epoch, active, by] = pattern.exec(text) ?? [];
  if (epoch !== undefined && active !== undefined && by !== undefined && word.test(active) && word.test(by)) {
    return { epoch: Number(epoch), active, by };
  }
  const version = /^v=(\d+);epoch=/.exec(text)?.[1];
  if (version !== undefined && version !== "1") {
    throw new UnderstudyError(
      `The ledger at ${place} has version ${version}; this Understudy knows version 1.`,
      {
        code: "newer-ledger",
        path: place,
        suggestion: "Use the version of Understudy that wrote it, or a newer one.",
      },
    );
  }
  throw foreign(place, `'${text.length > 80 ? `${text.slice(0, 80)}...` : text}'`);
}

/**
 * Reads the ledger from the data of all TXT records at its name; undefined when there are none. A record's strings count
 * as one text, however they are cut.
 */
export function parseLedgerRecords(records: readonly Buffer[], place: string): Ledger | undefined {
  const [first, ...others] = records;
  if (first === undefined) return undefined;
  if (others.length > 0) throw foreign(place, `${records.length} TXT records`);
  return parseLedger(Buffer.concat(txtStrings(first)).toString("latin1"), place);
}

function foreign(place: string, seen: string): UnderstudyError {
  return new UnderstudyError(`${place} should hold the traffic ledger, and holds ${seen}.`, {
    code: "foreign-ledger",
    path: place,
    suggestion: `Remove the TXT records at ${place} if they are nobody's (a wildcard TXT record answers there, too), or choose another first name.`,
  });
}
