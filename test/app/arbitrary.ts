import fc from "fast-check";
import type { AppInput } from "../../src/app/schema.ts";

const word = fc.stringMatching(/^[a-z][a-z0-9]{1,8}$/);
const line = fc.string({ unit: "grapheme", minLength: 1, maxLength: 30 });
const optional = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(value, { nil: undefined });

/** Drops what is undefined: an optional field is either there or not. */
function clean<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

const process = fc.record({
  command: optional(line),
  http: optional(
    fc.record({
      public: fc.boolean(),
      health: optional(fc.record({ path: fc.constant("/up"), failures: fc.integer({ min: 1, max: 9 }) })),
    }),
  ),
  scale: optional(fc.record({ count: fc.integer({ min: 0, max: 20 }) })),
  size: optional(
    fc.record({ memoryMb: fc.integer({ min: 1, max: 9999 }), plan: optional(fc.dictionary(word, line)) }),
  ),
  stopGraceSeconds: optional(fc.integer({ min: 0, max: 300 })),
  roles: optional(fc.constantFrom(["active"], ["active", "standby"])),
});

const service = fc.record({
  type: fc.constantFrom("postgres", "redis", "other"),
  version: optional(line),
  link: optional(fc.record({ mode: fc.constantFrom("none", "shared") })),
  options: optional(fc.dictionary(word, line)),
});

const job = fc.record({
  command: line,
  cron: fc.constantFrom("* * * * *", "0 5 * * 1-5", "*/15 0 1 1 *"),
  timezone: optional(fc.constantFrom("UTC", "Europe/Berlin")),
  overlap: optional(fc.constantFrom("allow", "forbid", "replace")),
});

/** Descriptions that stand every check, with texts that YAML could take for something else. */
export const anyApp: fc.Arbitrary<AppInput> = fc
  .record({
    name: fc.stringMatching(/^[a-z][a-z0-9-]{0,28}[a-z0-9]$/),
    source: optional(fc.oneof(fc.record({ path: line }), fc.record({ git: line, ref: line }))),
    processes: optional(
      fc.dictionary(
        word.filter((name) => name !== "release"),
        process,
        { maxKeys: 4 },
      ),
    ),
    release: optional(fc.record({ command: line })),
    setup: optional(line),
    schedule: optional(fc.dictionary(word, job, { maxKeys: 3 })),
    services: optional(fc.dictionary(word, service, { maxKeys: 3 })),
    config: optional(
      fc.dictionary(
        fc.stringMatching(/^CONFIG_[A-Z]{1,6}$/),
        fc.oneof(line, fc.constantFrom("", "true", "1.10", "~", "# no", " x ", "a: b", "yes\n", "'", "<<")),
      ),
    ),
    secrets: optional(
      fc.dictionary(fc.stringMatching(/^SECRET_[A-Z]{1,6}$/), fc.record({ generate: fc.boolean() })),
    ),
    domains: optional(
      fc.uniqueArray(
        fc.domain().filter((name) => name === name.toLowerCase()),
        { maxLength: 3 },
      ),
    ),
  })
  .map((app) => clean(app) as AppInput);
