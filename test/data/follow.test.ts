import { describe, expect, it } from "vitest";
import type { Link } from "../../src/data/contract.ts";
import { followLinks } from "../../src/data/follow.ts";

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
