import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { tsigError } from "../../../src/base/dns/codes.ts";
import { decodeMessage, emptyMessage, encodeMessage } from "../../../src/base/dns/message.ts";
import {
  appendTsig,
  readTsig,
  signMessage,
  type TsigAlgorithm,
  verifyMessage,
} from "../../../src/base/dns/tsig.ts";

/**
 * Updates as bind9's nsupdate 9.18 signed them: the part that all three share after the id, and id and end of each. All
 * were signed at 1795644812 with a key named Vector.Example.
 */
const body =
  "28000001000200020001076578616d706c65047465737400000600010b5f756e646572737475647903777777076578616d706c650474657374" +
  "00001000010000000000201f763d313b65706f63683d313b6163746976653d7072696d6172793b62793d61c02a000f00fe000000000000c02a" +
  "000100ff000000000000c02a000500010000001e001103617070076578616d706c65036e657400" +
  "06766563746f72076578616d706c650000fa00ff00000000";
const signedAt = 1795644812;
const vectors: readonly { readonly algorithm: TsigAlgorithm; readonly id: string; readonly end: string }[] = [
  {
    algorithm: "hmac-sha256",
    id: "72ca",
    end:
      "003d0b686d61632d7368613235360000006b075d8c012c0020f167edfa99ef8388253b2c31df4ec9a0f4016a32ce7185032719ff46fea1b971" +
      "72ca00000000",
  },
  {
    algorithm: "hmac-sha384",
    id: "9004",
    end:
      "004d0b686d61632d7368613338340000006b075d8c012c00301ee6badbf41bc293b7123503c44a9048bd8727db005c792d2a162005147c6ea6" +
      "fee787250fc3a3f294037f1b5b996941900400000000",
  },
  {
    algorithm: "hmac-sha512",
    id: "1136",
    end:
      "005d0b686d61632d7368613531320000006b075d8c012c0040bb4f9920ccdc6fd7657a5ed87ed7db594d153305b9a88be0378b107f2c5fcbb4" +
      "b0806b6185ee54770ffb95ee0a5c4896af4ff51055057410f08c0ac99a097d63113600000000",
  },
];

function keyOf(algorithm: TsigAlgorithm): { name: string; algorithm: TsigAlgorithm; secret: string } {
  const secret = Buffer.from(`a secret that is no secret: ${algorithm}`).toString("base64");
  return { name: "vector.example", algorithm, secret };
}

const key = keyOf("hmac-sha256");
const request = encodeMessage({
  ...emptyMessage,
  id: 4711,
  questions: [{ name: "Example.test", type: 6, class: 1 }],
});

function verify(
  wire: Buffer,
  options: { now?: number; requestMac?: Buffer; key?: typeof key } = {},
): number | undefined {
  return verifyMessage(wire, decodeMessage(wire), options.key ?? key, {
    now: options.now ?? 1_000,
    ...(options.requestMac === undefined ? {} : { requestMac: options.requestMac }),
  });
}

describe("signatures", () => {
  test.each(vectors)(
    "what nsupdate signed with $algorithm is good, and signed alike here",
    ({ algorithm, id, end }) => {
      const wire = Buffer.from(id + body + end, "hex");
      const own = keyOf(algorithm);
      expect(verify(wire, { now: signedAt, key: own })).toBeUndefined();
      const message = decodeMessage(wire);
      const bare = Buffer.from(wire.subarray(0, message.tsig?.offset));
      bare.writeUInt16BE(0, 10);
      expect(signMessage(bare, own, { timeSigned: signedAt }).wire.toString("hex")).toBe(
        wire.toString("hex"),
      );
    },
  );

  test("a message with any bit changed is not good", () => {
    const { wire } = signMessage(request, key, { timeSigned: 1_000 });
    fc.assert(
      fc.property(fc.nat(wire.length - 1), fc.nat(7), (at, bit) => {
        const changed = Buffer.from(wire);
        changed.writeUInt8(changed.readUInt8(at) ^ (1 << bit), at);
        // Names count without regard to case, and the id on the wire is not signed: a proxy may set its own.
        const covered = at > 1 && !(bit === 5 && decodesAlike(changed, wire));
        try {
          if (covered) expect(verify(changed)).toBeDefined();
        } catch (error) {
          expect(error).toMatchObject({ code: "dns-malformed" });
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test("time counts within the fudge, and is looked at after the signature", () => {
    const { wire } = signMessage(request, key, { timeSigned: 1_000 });
    expect(verify(wire, { now: 1_300 })).toBeUndefined();
    expect(verify(wire, { now: 1_301 })).toBe(tsigError.BADTIME);
    expect(verify(wire, { now: 699 })).toBe(tsigError.BADTIME);
    const wrong = { ...key, secret: Buffer.from("another").toString("base64") };
    expect(verify(wire, { now: 9_999, key: wrong })).toBe(tsigError.BADSIG);
  });

  test("another key or algorithm is told from a wrong secret", () => {
    const { wire } = signMessage(request, key, { timeSigned: 1_000 });
    expect(verify(wire, { key: { ...key, name: "other" } })).toBe(tsigError.BADKEY);
    expect(verify(wire, { key: { ...key, algorithm: "hmac-sha512" } })).toBe(tsigError.BADKEY);
    expect(verify(wire, { key: { ...key, name: "VECTOR.example." } })).toBeUndefined();
  });

  test("an answer is bound to its request", () => {
    const asked = signMessage(request, key, { timeSigned: 1_000 });
    const other = signMessage(request, key, { timeSigned: 1_001 });
    const { wire } = signMessage(request, key, { timeSigned: 1_000, requestMac: asked.mac });
    expect(verify(wire, { requestMac: asked.mac })).toBeUndefined();
    expect(verify(wire, { requestMac: other.mac })).toBe(tsigError.BADSIG);
    expect(verify(wire)).toBe(tsigError.BADSIG);
  });

  test("a shortened signature is refused, an unsigned message is not good", () => {
    const { wire } = signMessage(request, key, { timeSigned: 1_000 });
    const tsig = readTsig(decodeMessage(wire));
    if (tsig === undefined) throw new Error("the message has no TSIG record");
    expect(verify(appendTsig(request, tsig))).toBeUndefined();
    expect(verify(appendTsig(request, { ...tsig, mac: tsig.mac.subarray(0, 16) }))).toBe(tsigError.BADSIG);
    expect(verify(appendTsig(request, { ...tsig, mac: Buffer.alloc(0) }))).toBe(tsigError.BADSIG);
    expect(verify(request)).toBe(tsigError.BADSIG);
  });
});

/** Whether two messages differ in the case of names only. */
function decodesAlike(a: Buffer, b: Buffer): boolean {
  return a.toString("latin1").toLowerCase() === b.toString("latin1").toLowerCase();
}
