import { access, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { AppSpec, Instance, ProcessSpec } from "../../../src/local/runtime/contract.ts";
import { coolOffMs } from "../../../src/local/runtime/instance.ts";
import { eventually, runs } from "../../support/process.ts";
import { archiveOf, helloApp, makeRuntime, openRuntime, type TestRuntime } from "../../support/runtime.ts";

let suite: TestRuntime;
let slug: string;
let count = 0;

beforeAll(async () => {
  suite = await openRuntime({ stopGraceMs: 30_000 });
  const archive = await archiveOf(helloApp);
  slug = (await suite.runtime.builder.build(archive, { env: {}, onOutput: () => {} })).id;
});
afterAll(() => suite.close());

const web = (quantity = 1, command = "node web.js"): ProcessSpec => ({
  command,
  quantity,
  health: { type: "port", startTimeoutSeconds: 30 },
});
const worker = (command: string, quantity = 1): ProcessSpec => ({
  command,
  quantity,
  health: { type: "process" },
});

function specOf(processes: AppSpec["processes"], env: AppSpec["env"] = {}): AppSpec {
  return { slug, env, processes };
}

/** An app of a test's own. */
function newApp(): string {
  return `app-${++count}`;
}

async function start(
  app: string,
  spec: AppSpec,
  strategy: "recreate" | "rolling" = "recreate",
): Promise<void> {
  await suite.runtime.supervisor.apply(app, spec, strategy);
  await suite.runtime.supervisor.settled(app);
}

const instancesOf = (app: string): readonly Instance[] => suite.runtime.supervisor.instances(app);
const idsOf = (app: string): readonly string[] => instancesOf(app).map(({ id }) => id);
const logOf = (app: string): readonly string[] =>
  suite.runtime.logs.recent(app, 1_500).map(({ text }) => text);

interface Hello {
  readonly greeting: string;
  readonly pid: number;
}

async function ask(instance: Instance | undefined): Promise<Hello> {
  return (await (await fetch(`http://127.0.0.1:${instance?.port}/`)).json()) as Hello;
}

test("starts what a spec says, and forgets what is removed", async () => {
  const app = newApp();
  await start(app, specOf({ web: web(2), worker: worker("node worker.js") }, { GREETING: "hi" }));
  const instances = instancesOf(app);
  expect(instances.map(({ type, index, state }) => `${type}.${index} ${state}`)).toEqual([
    "web.0 up",
    "web.1 up",
    "worker.0 up",
  ]);
  expect(await ask(instances[1])).toMatchObject({ greeting: "hi", dyno: "web.2" });
  const { pid } = await ask(instances[0]);
  await suite.runtime.supervisor.remove(app);
  expect(instancesOf(app)).toEqual([]);
  expect(await runs(pid)).toBe(false);
  expect(await readdir(join(suite.runtime.folder, "instances"))).toEqual([]);
});

test("an instance sees the app's values and nothing of our own environment", async () => {
  process.env.UNDERSTUDY_TEST_LEAK = "leaked";
  const app = newApp();
  const job = worker("env; echo that is all; sleep 100");
  await start(app, specOf({ job }, { GREETING: "hi", HOME: "/elsewhere" }));
  await eventually("the environment is printed", () => logOf(app).includes("that is all"));
  expect(logOf(app)).toContain("GREETING=hi");
  const names = logOf(app).flatMap((line) => /^(\w+)=/.exec(line)?.[1] ?? []);
  expect(names.sort()).toEqual(
    ["DYNO", "GREETING", "HOME", "HOST", "LANG", "PATH", "PORT", "PWD", "SHLVL", "TMPDIR", "_"].sort(),
  );
  expect(logOf(app).find((line) => line.startsWith("HOME="))).toContain(suite.runtime.folder);
  await suite.runtime.supervisor.remove(app);
});

test("what an instance writes is gone with it", async () => {
  const app = newApp();
  const command = "cat note; echo first > note; echo worker.js > worker.js; echo written; sleep 100";
  await start(app, specOf({ job: worker(command) }));
  await eventually("it has written", () => logOf(app).includes("written"));
  await suite.runtime.supervisor.restart(app);
  await suite.runtime.supervisor.settled(app);
  await eventually(
    "it has started twice",
    () => logOf(app).filter((line) => /No such file/.test(line)).length === 2,
  );
  await suite.runtime.supervisor.remove(app);
});

test("an equal spec changes nothing, a changed count only adds or ends", async () => {
  const app = newApp();
  await start(app, specOf({ web: web(1) }));
  const [first] = idsOf(app);
  await start(app, specOf({ web: web(1) }));
  expect(idsOf(app)).toEqual([first]);
  await start(app, specOf({ web: web(2) }));
  expect(idsOf(app)).toHaveLength(2);
  expect(idsOf(app)[0]).toBe(first);
  await start(app, specOf({ web: web(1) }));
  await eventually("one is left", () => idsOf(app).length === 1);
  expect(idsOf(app)).toEqual([first]);
  await suite.runtime.supervisor.remove(app);
});

test("recreate never runs the old and the new at once", async () => {
  const app = newApp();
  const command = "trap 'sleep 0.2; echo end; exit' TERM; echo begin; while :; do sleep 0.05; done";
  await start(app, specOf({ job: worker(command, 2) }, { A: "1" }));
  await eventually("both run", () => logOf(app).filter((line) => line === "begin").length === 2);
  await start(app, specOf({ job: worker(command, 2) }, { A: "2" }));
  await eventually("all four have begun", () => logOf(app).filter((line) => line === "begin").length === 4);
  const marks = logOf(app).filter((line) => line === "begin" || line === "end");
  expect(marks).toEqual(["begin", "begin", "end", "end", "begin", "begin"]);
  await suite.runtime.supervisor.remove(app);
});

test("rolling keeps the number up at all times", async () => {
  const app = newApp();
  await start(app, specOf({ web: web(2) }, { GREETING: "old" }));
  let fewest = 2;
  let isRolling = true;
  const watch = (async () => {
    while (isRolling) {
      fewest = Math.min(fewest, instancesOf(app).filter(({ state }) => state === "up").length);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  })();
  await start(app, specOf({ web: web(2) }, { GREETING: "new" }), "rolling");
  isRolling = false;
  await watch;
  expect(fewest).toBe(2);
  await eventually("the old ones are gone", () => instancesOf(app).length === 2);
  const answers = await Promise.all(instancesOf(app).map(ask));
  expect(answers.map(({ greeting }) => greeting)).toEqual(["new", "new"]);
  await suite.runtime.supervisor.remove(app);
});

test("rolling that fails leaves the old ones running, and the next apply mends it", async () => {
  const app = newApp();
  await start(app, specOf({ web: web(1) }, { GREETING: "old" }));
  await suite.runtime.supervisor.apply(app, specOf({ web: web(1, "echo broken; exit 4") }), "rolling");
  const failure = suite.runtime.supervisor.settled(app);
  await expect(failure).rejects.toMatchObject({ code: "start-failed", path: app });
  await expect(failure).rejects.toThrow(/app\[web\.1\].*exited with status 4[\s\S]*broken/);
  const up = instancesOf(app).filter(({ state }) => state === "up");
  expect((await ask(up[0])).greeting).toBe("old");
  await start(app, specOf({ web: web(1) }, { GREETING: "mended" }), "rolling");
  const now = instancesOf(app).filter(({ state }) => state === "up");
  expect((await ask(now[0])).greeting).toBe("mended");
  await suite.runtime.supervisor.remove(app);
});

test("a process that does not listen in time is ended and has failed", async () => {
  const app = newApp();
  const silent: ProcessSpec = { ...web(1, "sleep 100"), health: { type: "port", startTimeoutSeconds: 0.3 } };
  await suite.runtime.supervisor.apply(app, specOf({ web: silent }), "recreate");
  await expect(suite.runtime.supervisor.settled(app)).rejects.toThrow(
    /did not listen on \$PORT within 0.3 s/,
  );
  await suite.runtime.supervisor.remove(app);
});

test("a health check over HTTP waits for 200, and a later failure restarts the process", async () => {
  const app = newApp();
  const mark = join(suite.runtime.folder, `mark-${app}`);
  const script = `
    let asked = 0;
    let isSick = false;
    require("http").createServer((request, response) => {
      if (request.url === "/sick") isSick = true;
      const isWell = !isSick && ++asked > 3;
      if (isWell) require("fs").writeFileSync(process.env.MARK, "");
      response.writeHead(isWell ? 200 : 500).end();
    }).listen(process.env.PORT, "127.0.0.1");`;
  const health = { type: "http", path: "/", startTimeoutSeconds: 30, intervalSeconds: 0.1 } as const;
  const web = { command: `node -e '${script}'`, quantity: 1, health };
  await start(app, specOf({ web }, { MARK: mark }));
  const [before] = instancesOf(app);
  await access(mark);
  // An answer that takes a second is a failure as well: then it has ended already.
  await fetch(`http://127.0.0.1:${before?.port}/sick`).catch(() => undefined);
  await eventually("another one is up", () => {
    const [now] = instancesOf(app);
    return now?.state === "up" && now.id !== before?.id;
  });
  await suite.runtime.supervisor.remove(app);
});

test("a crash is followed by a prompt restart, further ones by ever longer waits", async () => {
  expect([1, 2, 3, 4].map(coolOffMs)).toEqual([0, 1_000, 2_000, 4_000]);
  expect(coolOffMs(50)).toBe(60_000);
  const app = newApp();
  await start(app, specOf({ web: web(1) }));
  const [before] = instancesOf(app);
  process.kill((await ask(before)).pid, "SIGKILL");
  await eventually("it is up again", () => {
    const [now] = instancesOf(app);
    return now?.state === "up" && now.id !== before?.id;
  });
  await suite.runtime.supervisor.remove(app);
});

test("a restart ends a cool-off", async () => {
  const app = newApp();
  const command = "if [ -e $MARK ]; then exec node web.js; else echo gone; exit 1; fi";
  const mark = join(suite.runtime.folder, `mark-${app}`);
  await suite.runtime.supervisor.apply(app, specOf({ web: web(1, command) }, { MARK: mark }), "recreate");
  await expect(suite.runtime.supervisor.settled(app)).rejects.toMatchObject({ code: "start-failed" });
  await writeFile(mark, "");
  await suite.runtime.supervisor.restart(app, { type: "web", index: 0 });
  await suite.runtime.supervisor.settled(app);
  await suite.runtime.supervisor.remove(app);
});

test("what ignores SIGTERM is ended with all its children once the grace is over", async () => {
  const { builder, supervisor, logs } = await makeRuntime({ stopGraceMs: 500 });
  // Does not end on SIGTERM, and neither does what it starts.
  const script =
    "trap '' TERM; (trap '' TERM; echo child $BASHPID; while :; do sleep 1; done) & while :; do sleep 1; done";
  const archive = await archiveOf({ Procfile: "job: bash stubborn.sh", "stubborn.sh": script });
  const { id } = await builder.build(archive, { env: {}, onOutput: () => {} });
  const processes = { job: worker("bash stubborn.sh") };
  await supervisor.apply("stubborn", { slug: id, env: {}, processes }, "recreate");
  const said = (): string | undefined =>
    logs.recent("stubborn", 100).find(({ text }) => text.startsWith("child "))?.text;
  await eventually("its child runs", () => said() !== undefined);
  const child = Number(said()?.slice(6));
  expect(await runs(child)).toBe(true);
  await supervisor.remove("stubborn");
  await eventually("the child is gone", async () => !(await runs(child)));
});

test("the last of many quick changes is what runs", async () => {
  const app = newApp();
  const { supervisor } = suite.runtime;
  for (const greeting of ["a", "b", "a", "c", "a"]) {
    await supervisor.apply(app, specOf({ web: web(2) }, { GREETING: greeting }), "recreate");
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  await supervisor.settled(app);
  const answers = await Promise.all(instancesOf(app).map(ask));
  expect(answers.map(({ greeting }) => greeting)).toEqual(["a", "a"]);
  await supervisor.remove(app);
});

test("waiting can be given up, an unknown app has nothing to wait for, an unknown slug is refused", async () => {
  const app = newApp();
  const { supervisor } = suite.runtime;
  await supervisor.settled("no-such-app");
  await expect(supervisor.apply(app, { ...specOf({}), slug: "ff" }, "recreate")).rejects.toMatchObject({
    code: "unknown-slug",
  });
  await supervisor.apply(app, specOf({ web: web(1, "sleep 100") }), "recreate");
  const reason = new Error("enough");
  await expect(supervisor.settled(app, AbortSignal.any([AbortSignal.abort(reason)]))).rejects.toBe(reason);
  await supervisor.remove(app);
});

test("a one-off gives its output and exit code, and takes input", async () => {
  const { supervisor } = suite.runtime;
  const heard: string[] = [];
  async function* input(): AsyncIterable<Uint8Array> {
    yield Buffer.from("one\n");
    yield Buffer.from("two\n");
  }
  const job = supervisor.runOnce("app", {
    name: "run.1",
    slug,
    command: "cat; echo $NAME >&2; exit 5",
    env: { NAME: "me" },
    onOutput: (text) => heard.push(text),
    input: input(),
  });
  const { exitCode, output } = await job.done;
  expect(exitCode).toBe(5);
  expect(output.split("\n").sort().join(" ").trim()).toBe("me one two");
  expect(heard.join("")).toBe(output);
});

test("a one-off ends when its time is up, when it is stopped, and with its app", async () => {
  const { supervisor } = suite.runtime;
  const run = (timeoutMs?: number) =>
    supervisor.runOnce("with-jobs", {
      name: "run.1",
      slug,
      command: "sleep 100",
      env: {},
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
  expect(await run(100).done).toEqual({ exitCode: null, output: "" });
  const stopped = run();
  stopped.stop();
  expect((await stopped.done).exitCode).toBeNull();
  const removed = run();
  await supervisor.remove("with-jobs");
  expect((await removed.done).exitCode).toBeNull();
});
