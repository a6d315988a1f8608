import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  guardedRelease,
  linesFor,
  procfileOf,
  unguarded,
} from "../../../providers/heroku/render/procfile.ts";
import { appSchema } from "../../../src/app/schema.ts";
import { run } from "../../../src/base/run.ts";

async function shell(command: string, env: Readonly<Record<string, string>> = {}) {
  return await run("bash", ["-c", command], { env, allowFailure: true });
}

describe("the guarded release command", () => {
  it("runs where the site is active, with its own exit code", async () => {
    const { exitCode, stdout } = await shell(guardedRelease("echo migrating; exit 3"), {
      UNDERSTUDY_ROLE: "active",
    });
    expect([exitCode, stdout]).toEqual([3, "migrating"]);
  });

  it.each([{ UNDERSTUDY_ROLE: "standby" }, { UNDERSTUDY_ROLE: "" }])(
    "says that it is skipped with %j",
    async (env) => {
      const { exitCode, stdout } = await shell(guardedRelease("echo migrating; exit 3"), env);
      expect([exitCode, stdout]).toEqual([0, expect.stringContaining("skipped")]);
    },
  );

  it.each([
    "echo one # a comment",
    "echo one;",
    "echo one\necho two",
    "false\ntest 1 = 1 && echo 'it'\"'\"'s'",
  ])("does what this does by itself: %j", async (command) => {
    const alone = await shell(command);
    const guarded = await shell(guardedRelease(command), { UNDERSTUDY_ROLE: "active" });
    expect(guarded).toEqual(alone);
    expect(guardedRelease(command)).not.toContain("\n");
  });

  it("carries any text of several lines through", async () => {
    const text = fc.stringMatching(/^[ -~\n\t]{0,40}$/).filter((line) => !line.includes("END"));
    await fc.assert(
      fc.asyncProperty(text, async (line) => {
        const command = `cat <<'END'\n${line}\nEND`;
        expect((await shell(guardedRelease(command), { UNDERSTUDY_ROLE: "active" })).stdout).toBe(
          (await shell(command)).stdout,
        );
      }),
      { numRuns: 20 },
    );
  });

  it("is read back", () => {
    expect(unguarded(guardedRelease("rake db:migrate && rake seed"))).toBe("rake db:migrate && rake seed");
    expect(unguarded("rake db:migrate")).toBe("rake db:migrate");
  });
});

describe("the Procfile", () => {
  it("has a line for each command, sorted, and none for what the description leaves open", () => {
    const app = appSchema.parse({
      name: "shop",
      processes: { worker: { command: "node worker.js\n" }, web: {}, clock: { command: "a\nb" } },
    });
    expect(procfileOf(app)).toBe("clock: bash -c $'a\\nb'\nworker: node worker.js\n");
  });

  it("is not there when the description says nothing of processes", () => {
    expect(procfileOf(appSchema.parse({ name: "shop" }))).toBeUndefined();
  });

  it("takes lines of the archive's own for what is left to it", () => {
    const own = "# comment\r\nweb:  node web.js \r\nworker: node worker.js\nrelease: x\n";
    expect(linesFor(["web", "clock"], own)).toEqual(["web: node web.js"]);
  });
});
