import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createChildren, endOrphans } from "../../../src/local/runtime/children.ts";
import { isAlive, recordOf } from "../../../src/local/runtime/process-identity.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { eventually, runs } from "../../support/process.ts";

const env = { PATH: process.env.PATH ?? "" };

test("ends what an earlier user of the folder left, with what it had started", async () => {
  const folder = await temporaryFolder();
  const children = createChildren(folder);
  // `setsid` takes the second sleep out of its parent's group, as PostgreSQL does with its own.
  const command = "sleep 1000 & echo $!; setsid sleep 1000 & echo $!; wait";
  const left = children.spawn({ command: "bash", args: ["-c", command], cwd: folder, env });
  let said = "";
  left.stdout?.on("data", (chunk) => {
    said += String(chunk);
  });
  await eventually("both children run", () => said.trim().split("\n").length === 2);
  const pids = [left.pid ?? 0, ...said.trim().split("\n").map(Number)];
  // The death of their supervisor in the middle of a line.
  await appendFile(join(folder, "processes.jsonl"), '{"pid":');
  await endOrphans(folder);
  for (const pid of pids) expect(await runs(pid)).toBe(false);
});

test("leaves a stranger alone that got the number of a process of ours", async () => {
  const folder = await temporaryFolder();
  const stranger = spawn("sleep", ["1000"], { detached: true });
  await once(stranger, "spawn");
  const pid = stranger.pid ?? 0;
  await writeFile(join(folder, "processes.jsonl"), `${JSON.stringify({ ...recordOf(pid), ticks: "1" })}\n`);
  await endOrphans(folder);
  expect(await runs(pid)).toBe(true);
  stranger.kill("SIGKILL");
  await once(stranger, "exit");
});

test("forgets what ended by itself", async () => {
  const folder = await temporaryFolder();
  const children = createChildren(folder);
  const child = children.spawn({ command: "cat", args: [], cwd: folder, env, withInput: true });
  child.stdin?.end();
  expect(await child.exited).toMatchObject({ exitCode: 0 });
  const lines = (await readFile(join(folder, "processes.jsonl"), "utf8")).trim().split("\n");
  expect(lines.map((line) => Object.keys(JSON.parse(line)))).toEqual([
    ["pid", "ticks", "startedAt"],
    ["ended"],
  ]);
  await endOrphans(folder);
  await endOrphans(folder);
});

test("a command that isn't there ends with its error", async () => {
  const folder = await temporaryFolder();
  const child = createChildren(folder).spawn({ command: "no-such-command", args: [], cwd: folder, env });
  expect(await child.exited).toMatchObject({ exitCode: null, error: { code: "ENOENT" } });
});

test("a process is known by its start, not by its number alone", async () => {
  const own = recordOf(process.pid);
  expect(await isAlive(own)).toBe(true);
  expect(await isAlive({ ...own, ticks: "1" })).toBe(false);
});
