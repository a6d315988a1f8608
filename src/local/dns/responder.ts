import { opcode, rcode, recordClass, recordType, tsigError } from "../../base/dns/codes.ts";
import {
  type DecodedMessage,
  decodeMessage,
  emptyMessage,
  encodeMessage,
  type Message,
  type ResourceRecord,
} from "../../base/dns/message.ts";
import { canonicalName, sameName } from "../../base/dns/name.ts";
import {
  appendTsig,
  readTsig,
  signMessage,
  type Tsig,
  type TsigKey,
  timeBytes,
  verifyMessage,
} from "../../base/dns/tsig.ts";
import { answerQuestion } from "./answer.ts";
import type { DnsFaults } from "./config.ts";
import type { ZoneStore } from "./store.ts";
import { applyUpdate } from "./update.ts";
import type { ZoneData } from "./zone.ts";

/** A zone as it is served now. */
export interface ServedZone {
  data: ZoneData;
  readonly updateKeys: readonly string[];
}

/** Largest answer over UDP: what passes any path without being cut (DNS flag day 2020). */
const udpLimit = 1232;
const plainUdpLimit = 512;

/** Who signed a request, as far as that could be told. */
type Signer =
  | { readonly kind: "none" }
  | { readonly kind: "key"; readonly key: TsigKey; readonly mac: Buffer }
  | {
      readonly kind: "failed";
      readonly error: number;
      readonly tsig: Tsig;
      readonly key: TsigKey | undefined;
    };

/** Answers messages from the zones, and changes them by signed updates. */
export class Responder {
  faults: DnsFaults = { queries: "none", updates: "none" };
  readonly #zones: ReadonlyMap<string, ServedZone>;
  readonly #keys: readonly TsigKey[];
  readonly #store: ZoneStore;
  readonly #now: () => number;
  /** Updates go one after the other: each sees what the one before it made. */
  #updates: Promise<unknown> = Promise.resolve();

  constructor(
    zones: ReadonlyMap<string, ServedZone>,
    keys: readonly TsigKey[],
    store: ZoneStore,
    now: () => number,
  ) {
    this.#zones = zones;
    this.#keys = keys;
    this.#store = store;
    this.#now = now;
  }

  async respond(wire: Buffer, transport: "udp" | "tcp"): Promise<Buffer | undefined> {
    // Without a whole header there is no id to answer to; an answer to an answer would go on for ever.
    if (wire.length < 12 || (wire.readUInt8(2) & 0x80) !== 0) return undefined;
    let request: DecodedMessage;
    let signer: Signer;
    try {
      request = decodeMessage(wire);
      signer = this.#authenticate(wire, request);
    } catch {
      const id = wire.readUInt16BE(0);
      return encodeMessage({ ...emptyMessage, id, response: true, rcode: rcode.FORMERR });
    }
    try {
      const fault = request.opcode === opcode.UPDATE ? this.faults.updates : this.faults.queries;
      if (fault === "drop") return undefined;
      const answer = await this.#answer(request, signer, fault);
      return this.#finish(request, answer, signer, transport);
    } catch {
      return this.#finish(request, { rcode: rcode.SERVFAIL }, signer, transport);
    }
  }

  async #answer(request: DecodedMessage, signer: Signer, fault: string): Promise<Partial<Message>> {
    if (fault === "refuse") return { rcode: rcode.REFUSED };
    if (fault === "servfail") return { rcode: rcode.SERVFAIL };
    if (signer.kind === "failed") return { rcode: rcode.NOTAUTH };
    if (request.opcode === opcode.UPDATE) {
      const result = this.#updates.then(() => this.#update(request, signer));
      this.#updates = result.catch(() => {});
      return { rcode: await result };
    }
    if (request.opcode !== opcode.QUERY) return { rcode: rcode.NOTIMP };
    const question = request.questions[0];
    if (question === undefined || request.questions.length > 1) return { rcode: rcode.FORMERR };
    return answerQuestion(
      [...this.#zones.values()].map((zone) => zone.data),
      question,
    );
  }

  async #update(request: Message, signer: Signer): Promise<number> {
    const named = request.questions[0];
    if (named === undefined || request.questions.length > 1) return rcode.FORMERR;
    if (named.type !== recordType.SOA || named.class !== recordClass.IN) return rcode.FORMERR;
    const zone = this.#zones.get(canonicalName(named.name));
    if (zone === undefined) return rcode.NOTAUTH;
    if (signer.kind !== "key" || !zone.updateKeys.some((name) => sameName(name, signer.key.name))) {
      return rcode.REFUSED;
    }
    const result = applyUpdate(zone.data, request);
    if (!result.ok) return result.rcode;
    if (result.zone !== zone.data) {
      await this.#store.save(result.zone);
      zone.data = result.zone;
    }
    return rcode.NOERROR;
  }

  #authenticate(wire: Buffer, request: DecodedMessage): Signer {
    const tsig = readTsig(request);
    if (tsig === undefined) return { kind: "none" };
    const key = this.#keys.find((candidate) => sameName(candidate.name, tsig.keyName));
    if (key === undefined) return { kind: "failed", error: tsigError.BADKEY, tsig, key };
    const error = verifyMessage(wire, request, key, { now: this.#seconds() });
    return error === undefined ? { kind: "key", key, mac: tsig.mac } : { kind: "failed", error, tsig, key };
  }

  #seconds(): number {
    return Math.floor(this.#now() / 1000);
  }

  #finish(
    request: DecodedMessage,
    answer: Partial<Message>,
    signer: Signer,
    transport: "udp" | "tcp",
  ): Buffer {
    const asked = request.additionals.find((record) => record.type === recordType.OPT);
    const version = ((asked?.ttl ?? 0) >> 16) & 0xff;
    const body = version > 0 ? { rcode: rcode.BADVERS } : answer;
    const code = body.rcode ?? rcode.NOERROR;
    const message: Message = {
      ...emptyMessage,
      ...body,
      id: request.id,
      response: true,
      opcode: request.opcode,
      recursionDesired: request.recursionDesired,
      rcode: code & 0xf,
      questions: request.questions,
      additionals: asked === undefined ? [] : [optRecord(code >> 4)],
    };
    const whole = this.#sign(encodeMessage(message), signer);
    const limit =
      asked === undefined ? plainUdpLimit : Math.min(Math.max(asked.class, plainUdpLimit), udpLimit);
    if (transport === "tcp" || whole.length <= limit) return whole;
    return this.#sign(encodeMessage({ ...message, truncated: true, answers: [], authorities: [] }), signer);
  }

  /** RFC 8945, section 5.3: errors of key or MAC go unsigned, an error of time is signed and tells the server's time. */
  #sign(wire: Buffer, signer: Signer): Buffer {
    if (signer.kind === "none") return wire;
    if (signer.kind === "key") {
      const options = { timeSigned: this.#seconds(), requestMac: signer.mac };
      return signMessage(wire, signer.key, options).wire;
    }
    const { error, tsig, key } = signer;
    if (error === tsigError.BADTIME && key !== undefined) {
      const other = timeBytes(this.#seconds());
      const options = { timeSigned: tsig.timeSigned, requestMac: tsig.mac, error, other };
      return signMessage(wire, key, options).wire;
    }
    return appendTsig(wire, { ...tsig, error, mac: Buffer.alloc(0), other: Buffer.alloc(0) });
  }
}

/** The EDNS record of an answer (RFC 6891): size in the class, the rcode's upper bits in the TTL. */
function optRecord(extendedRcode: number): ResourceRecord {
  return {
    name: ".",
    type: recordType.OPT,
    class: udpLimit,
    ttl: (extendedRcode << 24) >>> 0,
    data: Buffer.alloc(0),
  };
}
