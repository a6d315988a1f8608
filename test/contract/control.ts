import { describe, expect, it } from "vitest";
import { NotFoundError } from "../../src/base/errors.ts";
import { sampleApp } from "./sample.ts";
import { type Suite, until } from "./suite.ts";

/** What the failover plane asks of a running site. */
export function controlsSites(suite: Suite): void {
  describe("control", () => {
    it("observes processes, maintenance and the release", async () => {
      const observation = await suite.observed((running) => running.web === 1 && running.worker === 1);
      expect(observation.maintenance).toBe(false);
      expect(observation.release).toEqual(expect.any(String));
      expect(observation.processes.web?.desired).toBe(1);
    });

    it("scales, and again without harm; other types stay", async () => {
      await suite.control.scale({ worker: 0 });
      await suite.control.scale({ worker: 0 });
      const observation = await suite.observed((running) => running.worker === 0);
      expect(observation.processes.web?.desired).toBe(1);
      await suite.control.scale({ worker: 1 });
      await suite.observed((running) => running.worker === 1);
    });

    it("asks for nothing when a type that isn't there is to be stopped", async () => {
      await suite.control.scale({ "no-such-type": 0 });
    });

    it("refuses to start a type that isn't there", async () => {
      await expect(suite.control.scale({ "no-such-type": 1 })).rejects.toBeInstanceOf(NotFoundError);
    });

    it("serves the maintenance page while the processes keep running", async () => {
      await suite.control.maintenance(true);
      await suite.control.maintenance(true);
      expect((await suite.visit("contract.example.com")).status).toBeGreaterThanOrEqual(500);
      expect((await suite.control.observe()).maintenance).toBe(true);
      expect((await suite.control.health()).healthy).toBe(false);
      await suite.control.maintenance(false);
      await suite.answers("contract.example.com");
      expect((await suite.control.observe()).maintenance).toBe(false);
    });

    it("merges config, removes with null, and restarts the app with it", async () => {
      await suite.control.setConfig({ COLOR: null });
      await until(async () => (await suite.visit("contract.example.com")).body.color === null);
      await suite.control.setConfig({ COLOR: "blue" });
      await until(async () => (await suite.visit("contract.example.com")).body.color === "blue");
    });

    it("restarts", async () => {
      const before = (await suite.answers("contract.example.com")).body.instance;
      await suite.control.restart();
      await until(async () => {
        const { status, body } = await suite.visit("contract.example.com");
        return status === 200 && body.instance !== before;
      });
    });

    it("runs a command in the app's environment and tells its exit code", async () => {
      const result = await suite.control.run('echo "color is $COLOR"; exit 7', { timeoutMs: 60_000 });
      expect(result.exitCode).toBe(7);
      expect(result.output).toContain("color is blue");
    });

    it("stops waiting when its signal is aborted", async () => {
      const abort = new AbortController();
      const reason = new Error("enough");
      const running = suite.control.run("sleep 20", { signal: abort.signal });
      setTimeout(() => abort.abort(reason), 300);
      await expect(running).rejects.toBe(reason);
    });

    it("gives the last log lines, oldest first", async () => {
      await suite.visit("contract.example.com", "/mark-in-the-log");
      await until(async () => {
        const lines = await suite.control.logs(100);
        return lines.some(
          ({ text, source }) => text.includes("answering /mark-in-the-log") && /web/i.test(source),
        );
      });
      const times = (await suite.control.logs(100)).map(({ time }) => Date.parse(time));
      expect(times).toEqual(times.toSorted((a, b) => a - b));
      expect((await suite.control.logs(2)).length).toBeLessThanOrEqual(2);
    });

    it("asks the app for its health past DNS, as users would", async () => {
      await suite.answers("contract.example.com");
      const health = await suite.control.health();
      expect(health).toEqual({ healthy: true, detail: expect.stringContaining("200") });
    });

    it("tells a service's URL", async () => {
      expect(await suite.control.serviceUrl("database")).toMatch(/^postgres(ql)?:\/\//);
      expect(await suite.control.serviceUrl("cache")).toMatch(/^rediss?:\/\//);
      await expect(suite.control.serviceUrl("no-such-service")).rejects.toBeInstanceOf(NotFoundError);
    });
  });
}

/** What a site does in each of its roles. */
export function followsRoles(suite: Suite): void {
  describe("standby", () => {
    it("keeps web warm, runs no worker and no release command, and starts them when it becomes active", async () => {
      const other = sampleApp("contract-standby");
      const standby = suite.newStack();
      await standby.up(suite.render(other, "standby"));
      await suite.answers("contract-standby.example.com");
      const otherControl = suite.controlOf(other);
      const { processes } = await otherControl.observe();
      expect(processes.web?.desired).toBe(1);
      expect(processes.worker?.desired ?? 0).toBe(0);
      const releases = async () =>
        (await otherControl.logs(1000)).filter(({ text }) => text.includes("release phase ran")).length;
      expect(await releases()).toBe(0);
      const changes = await standby.up(suite.render(other, "active"));
      expect(changes.created).toEqual([]);
      expect(changes.replaced).toEqual([]);
      await until(async () => (await otherControl.observe()).processes.worker?.running === 1);
      await standby.destroy();
    });
  });
}
