import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InputError } from "../../src/base/errors.ts";
import type { Link } from "../../src/data/contract.ts";
import { followLinks } from "../../src/data/follow.ts";
import { libpqEnv, parseDatabaseUrl } from "../../src/data/postgres/address.ts";
import { covers, parseSnapshot } from "../../src/data/postgres/position.ts";
import { countRecent, rateOf } from "../../src/data/postgres/progress.ts";
import { nextValues } from "../../src/data/postgres/sequences.ts";
import { arrayText, sql } from "../../src/data/postgres/sql.ts";

describe("a position", () => {
  it("covers another when it sees all that the other sees", () => {
    expect(covers("10:10:", "10:10:")).toBe(true);
    expect(covers("10:12:", "10:10:")).toBe(true);
    expect(covers("10:10:", "10:12:10,11")).toBe(true);
    expect(covers("10:10:", "10:12:11")).toBe(false);
    expect(covers("5:20:5", "6:10:")).toBe(false);
    expect(covers("5:20:5", "5:10:5,7")).toBe(true);
    expect(covers("5:5:", "5:9007199254740993000:")).toBe(false);
    expect(() => parseSnapshot("0/16B3748")).toThrow(/not a position/);
  });

  it("agrees with the definition, one transaction at a time", () => {
    const snapshot = fc
      .tuple(fc.nat(8), fc.nat(8), fc.uniqueArray(fc.nat(7)))
      .map(([xmin, length, running]) => {
        const xmax = xmin + length;
        const ids = running.map((id) => xmin + id).filter((id) => id < xmax);
        return {
          text: `${xmin}:${xmax}:${ids.join(",")}`,
          sees: (id: number) => id < xmax && !ids.includes(id),
        };
      });
    fc.assert(
      fc.property(snapshot, snapshot, (later, earlier) => {
        const all = Array.from({ length: 20 }, (_, id) => id);
        expect(covers(later.text, earlier.text)).toBe(all.every((id) => !earlier.sees(id) || later.sees(id)));
      }),
    );
  });
});

describe("SQL from a template", () => {
  it("quotes every value", () => {
    expect(sql`SELECT ${"it's \\"}, ${null}, ${7n}, ${true}, ${["a", null, 'b"\\']}`.text).toBe(
      `SELECT 'it''s \\', NULL, 7, true, '{"a",NULL,"b\\"\\\\"}'`,
    );
    expect(arrayText([])).toBe("{}");
  });
});

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

describe("sequences at a promotion", () => {
  const own = (last: string | null, increment = "1", max = "9223372036854775807", min = "1") => ({
    last,
    increment,
    min,
    max,
  });

  it("go on exactly where a fenced source stood", () => {
    expect(nextValues({ values: { a: "41", gone: "1" }, final: true }, { a: own(null) })).toEqual({
      values: { a: "41" },
      notes: ["sequence gone is at the source only and could not be set"],
    });
  });

  it("are set past what was last seen when the source can't be asked, but never past their end, nor back", () => {
    const { values, notes } = nextValues(
      { values: { up: "41", down: "-5", full: "32000", ahead: "3" }, final: false },
      {
        up: own("1", "5"),
        down: own(null, "-1", "-1", "-9000"),
        full: own("1", "1", "32767"),
        ahead: own("900000"),
      },
    );
    expect(values).toEqual({ up: "50041", down: "-9000", full: "32767", ahead: "900000" });
    expect(notes).toHaveLength(3);
  });
});

describe("the rate of writes", () => {
  const everySecond = (
    from: number,
    to: number,
    changes: number,
    before: Parameters<typeof countRecent>[0] = [],
  ) => {
    let recent = before;
    for (let second = from; second < to; second++) {
      recent = countRecent(recent, { changes, atMs: second * 1_000, beforeMs: (second - 1) * 1_000 });
    }
    return recent;
  };

  it("is that of the busiest moment of the last minute", () => {
    const busy = everySecond(1, 200, 50);
    expect(rateOf(busy)).toBeCloseTo(50, 0);
    expect(rateOf(everySecond(200, 230, 10, busy))).toBeCloseTo(50, 0);
    const later = everySecond(200, 300, 10, busy);
    expect(rateOf(later)).toBeCloseTo(10, 0);
    expect(later.length).toBeLessThan(20);
  });

  it("takes a backlog for what it is", () => {
    expect(rateOf(countRecent([], { changes: 60_000, atMs: 700_000, beforeMs: 100_000 }))).toBe(100);
    expect(rateOf(countRecent([], { changes: 3, atMs: 5, beforeMs: undefined }))).toBe(3);
    expect(rateOf([])).toBe(0);
  });
});

describe("links that follow the active site", () => {
  it("run away from it, and turn when it changes, but not when nobody can tell", async () => {
    const controller = new AbortController();
    const running = new Set<string>();
    const linksFrom = (site: string) => [
      {
        service: "db",
        run: async ({ signal }: { readonly signal: AbortSignal }) => {
          running.add(site);
          await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
          running.delete(site);
        },
      } as unknown as Link,
    ];
    const answers: (string | undefined | Error)[] = [
      "primary",
      undefined,
      new Error("no ledger"),
      "primary",
      "mirror",
    ];
    const seen: string[] = [];
    await followLinks({
      active: async () => {
        const answer = answers.shift();
        if (answer instanceof Error) throw answer;
        return answer;
      },
      linksFrom,
      signal: controller.signal,
      clock: {
        now: () => 0,
        monotonic: () => 0,
        sleep: async () => {
          seen.push([...running].join());
          if (answers.length === 0) controller.abort();
        },
      },
      log: { info: () => {}, warn: () => {} },
    });
    expect(seen).toEqual(["primary", "primary", "primary", "primary", "mirror"]);
    expect(running.size).toBe(0);
  });
});
