import { describe, expect, it } from "vitest";
import { InputError } from "../../../src/base/errors.ts";
import { libpqEnv, parseDatabaseUrl } from "../../../src/data/postgres/address.ts";

describe("a database URL", () => {
  it("is encrypted unless it leads to this machine or says otherwise", () => {
    expect(parseDatabaseUrl("postgres://u:p%2F@db.example.com/app", "primary")).toMatchObject({
      password: "p/",
      port: 5432,
      tls: ["encrypt"],
      sslmode: "require",
    });
    expect(parseDatabaseUrl("postgresql://u:p@127.0.0.1:6000/app", "primary").tls).toEqual([
      "off",
      "encrypt",
    ]);
    expect(parseDatabaseUrl("postgres://u@[::1]:6000/app?sslmode=verify-full", "primary")).toMatchObject({
      host: "::1",
      tls: ["verify"],
    });
    expect(libpqEnv(parseDatabaseUrl("postgres://u:p@h/d", "primary"))).toMatchObject({
      PGPASSWORD: "p",
      PGSSLMODE: "require",
    });
  });

  it("is never shown when it is wrong", () => {
    for (const url of [
      "nonsense secret",
      "mysql://u:secret@h/d",
      "postgres://h/secret",
      "postgres://u:secret@h/d?sslmode=maybe",
    ]) {
      const error = (() => {
        try {
          return parseDatabaseUrl(url, "primary");
        } catch (error) {
          return error;
        }
      })();
      expect(error).toBeInstanceOf(InputError);
      expect(String(error)).not.toContain("secret");
    }
  });
});
