import { expect, test } from "vitest";
import { Crypter } from "../../src/engine/secrets.ts";

/** From Pulumi's own tests (pkg/secrets/passphrase/manager_test.go): made with the passphrase `password`. */
const pulumiSalt = "v1:fozI5u6B030=:v1:F+6ZduKKd8G0/V7L:PGMFeIzwobWRKmEAzUdaQHqC5mMRIQ==";

test("opens what Pulumi made, with the right passphrase only", async () => {
  const crypter = await Crypter.open(pulumiSalt, "password");
  expect(crypter.decrypt("v1:F+6ZduKKd8G0/V7L:PGMFeIzwobWRKmEAzUdaQHqC5mMRIQ==")).toBe("pulumi");
  await expect(Crypter.open(pulumiSalt, "passwort")).rejects.toThrow(
    expect.objectContaining({ code: "wrong-passphrase" }),
  );
});

test.each([
  "",
  "v1",
  "v1:x",
  "v2:fozI5u6B030=:v1:a:b",
  "v1:fozI5u6B030=:v1:F+6ZduL:PGMFeIzwobWRKmEAzUdaQHqC5mMRIQ==",
])("a salt that is none is told: %s", async (salt) => {
  await expect(Crypter.open(salt, "password")).rejects.toThrow(
    expect.objectContaining({ code: expect.stringMatching(/^(bad-ciphertext|wrong-passphrase)$/) }),
  );
});

test("what it encrypts, another with the same salt decrypts", async () => {
  const one = await Crypter.create("häßlich");
  const two = await Crypter.open(one.salt, "häßlich");
  for (const text of ["", "x", "ünïcödé 💧", "a".repeat(100_000)])
    expect(two.decrypt(one.encrypt(text))).toBe(text);
  expect(one.encrypt("same")).not.toBe(one.encrypt("same"));
  expect(one.encrypt("same", "here")).toBe(one.encrypt("same", "here"));
  expect(one.encrypt("same", "here")).not.toBe(one.encrypt("same", "there"));
});

test("a tampered ciphertext, or one of another key, is not decrypted", async () => {
  const one = await Crypter.create("one");
  const other = await Crypter.create("two");
  const sealed = one.encrypt("text");
  expect(() => other.decrypt(sealed)).toThrow(expect.objectContaining({ code: "cannot-decrypt" }));
  const [version, nonce, body = ""] = sealed.split(":");
  const bytes = Buffer.from(body, "base64");
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  expect(() => one.decrypt([version, nonce, bytes.toString("base64")].join(":"))).toThrow(
    expect.objectContaining({ code: "cannot-decrypt" }),
  );
  for (const text of ["plain", "v1:a", "v3:a:b", "v1:AAAA:AA==", "v1:a:b:c:d"]) {
    expect(() => one.decrypt(text)).toThrow(expect.objectContaining({ code: "bad-ciphertext" }));
  }
});
