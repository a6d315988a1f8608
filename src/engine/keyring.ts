import { Crypter } from "./secrets.ts";

/**
 * The crypters of one passphrase, by salt. Each is opened once, so that what one has decrypted it encrypts to the same
 * again: an unchanged secret stays as it is in the file.
 */
export class Keyring {
  readonly #passphrase: () => Promise<string>;
  readonly #crypters = new Map<string, Promise<Crypter>>();
  #fresh: Promise<Crypter> | undefined;

  constructor(passphrase: () => Promise<string>) {
    this.#passphrase = passphrase;
  }

  /** Throws `wrong-passphrase` for a salt that was made with another. */
  of(salt: string): Promise<Crypter> {
    let crypter = this.#crypters.get(salt);
    if (crypter === undefined) {
      crypter = this.#passphrase().then((passphrase) => Crypter.open(salt, passphrase));
      this.#crypters.set(salt, crypter);
    }
    return crypter;
  }

  /** With a salt of its own; always the same one. */
  fresh(): Promise<Crypter> {
    this.#fresh ??= this.#passphrase().then((passphrase) => Crypter.create(passphrase));
    return this.#fresh;
  }
}
