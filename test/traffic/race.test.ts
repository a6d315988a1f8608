import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { firstGood } from "../../src/traffic/race.ts";

/** Longer than any test takes: the next one is asked because of a failure alone. */
const patient = { staggerMs: 600_000 };

describe("the first good answer", () => {
  test("the first one's is taken, and no other is asked", async () => {
    const asked: string[] = [];
    const ask = async (source: string): Promise<string> => {
      asked.push(source);
      return source;
    };
    expect(await firstGood(["a", "b"], ask, patient)).toBe("a");
    expect(asked).toEqual(["a"]);
  });

  test("after a failure the next is asked at once; when all fail the first one's error counts", async () => {
    const failing = async (source: string): Promise<string> => {
      if (source !== "c") throw new Error(`${source} fails`);
      return source;
    };
    expect(await firstGood(["a", "b", "c"], failing, patient)).toBe("c");
    await expect(firstGood(["a", "b"], failing, patient)).rejects.toThrow("a fails");
  });

  test("a silent one is not waited for, and is told to stop", async () => {
    let stopped = false;
    const ask = async (source: string, signal: AbortSignal): Promise<string> => {
      if (source === "b") return source;
      signal.addEventListener("abort", () => {
        stopped = true;
      });
      await sleep(600_000, undefined, { signal });
      return source;
    };
    expect(await firstGood(["a", "b"], ask, { staggerMs: 1 })).toBe("b");
    expect(stopped).toBe(true);
  });

  test("ends with its signal", async () => {
    const stop = new AbortController();
    const ask = async (source: string, signal: AbortSignal): Promise<string> => {
      await sleep(600_000, undefined, { signal });
      return source;
    };
    const pending = firstGood(["a"], ask, { ...patient, signal: stop.signal });
    stop.abort();
    await expect(pending).rejects.toMatchObject({ name: "AbortError" });
  });
});
