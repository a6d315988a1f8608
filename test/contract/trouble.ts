import { describe, expect, it } from "vitest";
import { NotFoundError } from "../../src/base/errors.ts";
import { PartialCreateError } from "../../src/platform/partial.ts";
import { openProxy } from "./proxy.ts";
import { sampleApp } from "./sample.ts";
import type { Suite } from "./suite.ts";

/** Lost answers, refusals, failed builds: nothing twice, nothing lost, and errors by type. */
export function copesWithTrouble(suite: Suite): void {
  describe("trouble", () => {
    it("survives answers lost on the way, without making anything twice", async () => {
      const proxy = await openProxy(suite.harness.apiUrl, suite.harness.apiCa);
      const lost = new Set<string>();
      proxy.misfortune = ({ method, path }) => {
        const key = `${method} ${path.split("?")[0]}`;
        if (method === "GET" || lost.has(key)) return { kind: "pass" };
        lost.add(key);
        return { kind: "lose-answer" };
      };
      try {
        const unlucky = sampleApp("contract-unlucky");
        const through = suite.newStack(suite.harness.through(proxy.url));
        await through.up(suite.render(unlucky));
        expect(lost.size).toBeGreaterThan(0);
        await suite.answers("contract-unlucky.example.com");
        for (const [name, kept] of through.kept) {
          expect((await through.read(name))?.inputs, name).toEqual(kept.inputs);
        }
        await through.destroy();
        expect((await suite.visit("contract-unlucky.example.com")).status).not.toBe(200);
      } finally {
        await proxy.close();
      }
    });

    it("tries again after 503 and 429, and waits as long as it is asked to", async () => {
      const proxy = await openProxy(suite.harness.apiUrl, suite.harness.apiCa);
      const refused: { readonly path: string; readonly at: number }[] = [];
      const waits: number[] = [];
      proxy.misfortune = ({ path }) => {
        const [, asked] = refused;
        if (asked?.path === path) waits.push(performance.now() - asked.at);
        if (!/apps/.test(path) || refused.length >= 2) return { kind: "pass" };
        refused.push({ path, at: performance.now() });
        return refused.length === 1
          ? { kind: "answer", status: 503 }
          : { kind: "answer", status: 429, headers: { "retry-after": "1" } };
      };
      try {
        const observation = await suite.controlOf(suite.app, suite.harness.through(proxy.url)).observe();
        expect(observation.processes.web?.desired).toBe(1);
        expect(refused).toHaveLength(2);
        // Timers may fire a millisecond early.
        expect(waits.at(-1)).toBeGreaterThan(990);
      } finally {
        await proxy.close();
      }
    });

    it("keeps what was made when the build fails, shows the log's end, and goes on from there", async () => {
      const failing = sampleApp("contract-failing", { services: {} });
      const half = suite.newStack();
      const failure = await half
        .up(suite.render(failing, "active", suite.archives.broken))
        .catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(PartialCreateError);
      const { cause } = failure as PartialCreateError;
      expect(cause).toMatchObject({
        code: "build-failed",
        message: expect.stringMatching(/missing\.tgz|npm/),
      });
      await half.up(suite.render(failing));
      await suite.answers("contract-failing.example.com");
      await half.destroy();
    });

    it("says that a name is taken", async () => {
      const again = suite.newStack().up(suite.render(suite.app));
      await expect(again).rejects.toMatchObject({ code: "name-taken", suggestion: expect.any(String) });
    });

    it("says that credentials are rejected, and what to do", async () => {
      const rejected = suite.controlOf(suite.app, suite.harness.rejected);
      const expected = { code: "credentials-rejected", suggestion: expect.any(String) };
      await expect(rejected.observe()).rejects.toMatchObject(expected);
      await expect(
        suite.newStack(suite.harness.rejected).up(suite.render(sampleApp("contract-rejected"))),
      ).rejects.toMatchObject(expected);
    });

    it("says that an app isn't there", async () => {
      const nobody = suite.controlOf(sampleApp("contract-nobody"));
      await expect(nobody.observe()).rejects.toBeInstanceOf(NotFoundError);
    });

    it("says that an API can't be reached, as an error that is worth a retry", async () => {
      // A port of the system's, so that no other suite listens there, and one that `fetch` doesn't refuse by itself.
      const unreachable = suite.controlOf(suite.app, suite.harness.through("http://127.0.0.1:2"));
      await expect(unreachable.observe({ timeoutMs: 5_000 })).rejects.toMatchObject({
        code: "http-unreachable",
      });
    });
  });
}
