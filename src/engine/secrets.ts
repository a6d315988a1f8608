import { createCipheriv, createDecipheriv, pbkdf2, randomBytes } from "node:crypto";
import { promisify } from "node:util";
import { UnderstudyError } from "../base/errors.ts";

const derive = promisify(pbkdf2);

/** Figures of Pulumi's passphrase provider, pkg/secrets/passphrase and sdk/go/common/resource/config/crypt.go. */
const iterations = 1_000_000;
const keyBytes = 32;
const saltBytes = 8;
const nonceBytes = 12;
const tagBytes = 16;
const checkWord = "pulumi";

/** Deriving a key takes a good part of a second, so each is derived once in the life of the process. */
const keys = new Map<string, Promise<Buffer>>();

function keyOf(passphrase: string, salt: Buffer): Promise<Buffer> {
  const name = `${salt.toString("base64")} ${passphrase}`;
  let key = keys.get(name);
  if (key === undefined) {
    key = derive(passphrase, salt, iterations, keyBytes, "sha256");
    keys.set(name, key);
  }
  return key;
}

function malformed(what: string): UnderstudyError {
  return new UnderstudyError(`${what} is not of the form v1:base64:base64.`, {
    code: "bad-ciphertext",
    suggestion: "Was it edited by hand? Set the value anew with `understudy config set`.",
  });
}

/** Encrypts as Pulumi's passphrase secrets provider does, so that either engine reads what the other wrote. */
export class Crypter {
  /** `v1:<salt>:<encrypted check word>`, as in `encryptionsalt` and in the state. */
  readonly salt: string;
  readonly #key: Buffer;
  /** Ciphertexts by what they hold and where, so that an unchanged secret keeps its ciphertext. */
  readonly #known = new Map<string, string>();

  private constructor(salt: string, key: Buffer) {
    this.salt = salt;
    this.#key = key;
  }

  /** A crypter with a salt of its own, for a new stack. */
  static async create(passphrase: string): Promise<Crypter> {
    const salt = randomBytes(saltBytes);
    const key = await keyOf(passphrase, salt);
    const check = new Crypter("", key).encrypt(checkWord);
    return new Crypter(`v1:${salt.toString("base64")}:${check}`, key);
  }

  /** Throws `wrong-passphrase` when the passphrase isn't the one that the salt was made with. */
  static async open(salt: string, passphrase: string): Promise<Crypter> {
    const [version, encoded, ...check] = salt.split(":");
    if (version !== "v1" || encoded === undefined || check.length !== 3)
      throw malformed("The encryption salt");
    const crypter = new Crypter(salt, await keyOf(passphrase, Buffer.from(encoded, "base64")));
    try {
      if (crypter.decrypt(check.join(":")) === checkWord) return crypter;
    } catch (error) {
      if (error instanceof UnderstudyError && error.code === "bad-ciphertext") throw error;
    }
    throw new UnderstudyError(
      "The passphrase is not the one that this stack's secrets were encrypted with.",
      {
        code: "wrong-passphrase",
        suggestion: "Set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE to the right one.",
      },
    );
  }

  /** `place` names where the text belongs; the same text encrypted again for the same place gives the same ciphertext. */
  encrypt(text: string, place?: string): string {
    const known = place === undefined ? undefined : this.#known.get(`${place} ${text}`);
    if (known !== undefined) return known;
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv("aes-256-gcm", this.#key, nonce);
    const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
    const ciphertext = `v1:${nonce.toString("base64")}:${sealed.toString("base64")}`;
    if (place !== undefined) this.#known.set(`${place} ${text}`, ciphertext);
    return ciphertext;
  }

  /** Throws `bad-ciphertext` for a text of another form, `cannot-decrypt` for one of another key. */
  decrypt(ciphertext: string, place?: string): string {
    const [version, nonce, sealed, ...rest] = ciphertext.split(":");
    if (version !== "v1" || nonce === undefined || sealed === undefined || rest.length > 0) {
      throw malformed("An encrypted value");
    }
    const bytes = Buffer.from(sealed, "base64");
    if (bytes.length < tagBytes) throw malformed("An encrypted value");
    try {
      const decipher = createDecipheriv("aes-256-gcm", this.#key, Buffer.from(nonce, "base64"));
      decipher.setAuthTag(bytes.subarray(-tagBytes));
      const text = Buffer.concat([decipher.update(bytes.subarray(0, -tagBytes)), decipher.final()]).toString(
        "utf8",
      );
      if (place !== undefined) this.#known.set(`${place} ${text}`, ciphertext);
      return text;
    } catch (error) {
      throw new UnderstudyError("A secret can't be decrypted with this stack's key.", {
        code: "cannot-decrypt",
        cause: error,
        suggestion:
          "It was encrypted for another stack or passphrase: set it anew with `understudy config set --secret`.",
      });
    }
  }
}
