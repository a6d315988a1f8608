import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeAll, expect, it, onTestFinished } from "vitest";
import { cloudFoundry } from "../../src/cli/demo/mirror.ts";
import { ownCommand } from "../../src/cli/demo/own-command.ts";
import { makeProject } from "../../src/cli/demo/project.ts";
import { openKit, parseKit, sealKit } from "../../src/failover/kit.ts";
import { setFault } from "../../src/local/control.ts";
import { type Outcome, understudy } from "../support/understudy.ts";
import { writeApp } from "./app.ts";
import type { TestStage } from "./stage.ts";
import { expectSettled, followable, standing } from "./standing.ts";

interface Failed {
  readonly result: string;
  readonly error: { readonly errors: readonly { readonly urn?: string; readonly message: string }[] };
}

/** What a failed run says, once it is sure that it says it without a stack trace and tells what it did. */
function failuresOf({ exitCode, stdout, stderr }: Outcome): string {
  expect(exitCode).toBe(1);
  const { result, error } = JSON.parse(stdout) as Failed;
  expect(result).toBe("failed");
  expect(error.errors).toHaveLength(1);
  const text = error.errors.map(({ message }) => message).join("\n");
  expect(`${text}\n${stderr}`).not.toMatch(/^\s+at .*:\d+:\d+\)?$/m);
  return text;
}

/** Tests: what a platform, a database or a name server refuses is told to the user so that he can mend it. */
export function troubles(stage: () => TestStage): void {
  // Another project of somebody who takes the same name, with a state of its own.
  let project: string;
  let env: Readonly<Record<string, string>>;
  const run = (args: readonly string[], input?: string): Promise<Outcome> =>
    understudy(args, { cwd: project, env, ...(input === undefined ? {} : { input }) });
  const up = (stack: string): Promise<Outcome> => run(["up", stack, "--engine", "offline", "--json"]);

  beforeAll(async () => {
    const { folder, local, name } = stage();
    const source = join(folder, "second", "source");
    await writeApp(source);
    const state = join(folder, "second", "state");
    await mkdir(state);
    project = join(folder, "second", "notes");
    env = { ...stage().env, PULUMI_BACKEND_URL: pathToFileURL(state).href };
    const signal = new AbortController().signal;
    await makeProject({
      play: { source, additions: {}, ttlSeconds: 1 },
      folder: project,
      name: `second-${name}`,
      local,
      mirror: cloudFoundry,
      passphrase: env.PULUMI_CONFIG_PASSPHRASE ?? "",
      understudy: ownCommand({ cwd: folder, env, signal }),
    });
  });

  it("a stack for which there is no program", async () => {
    const text = failuresOf(await up("staging"));
    for (const name of ["'staging'", "primary, mirror, edge", "understudy:program"])
      expect(text).toContain(name);
  });

  it("a token that has expired", async () => {
    await run(
      ["config", "set", "primary", "understudy:connection.token", "--path", "--secret"],
      "HRKU-expired-long-ago",
    );
    const text = failuresOf(await up("primary"));
    for (const name of ["401", "token"]) expect(text).toContain(name);
    expect(text).not.toContain("HRKU-expired-long-ago");
  });

  it("a name that is taken", async () => {
    const { token } = stage().local.heroku;
    await run(["config", "set", "primary", "understudy:connection.token", "--path", "--secret"], token);
    const text = failuresOf(await up("primary"));
    for (const name of ["notes", "taken"]) expect(text).toContain(name);
  });

  it("a build that fails: the end of its log is shown", async () => {
    const description = join(project, "understudy.yaml");
    await writeFile(
      description,
      (await readFile(description, "utf8")).replace("name: notes", "name: broken"),
    );
    const scripts = { build: "echo mixing the paint && echo no blue is left >&2 && exit 3" };
    await writeFile(join(project, "package.json"), JSON.stringify({ name: "broken", scripts }));
    const text = failuresOf(await up("primary"));
    for (const name of ["build", "no blue is left"]) expect(text).toContain(name);
    expect(await run(["destroy", "primary", "--yes", "--force", "--engine", "offline"])).toMatchObject({
      exitCode: 0,
    });
  });

  it("a database that can't be reached", async () => {
    const { local, kit } = stage();
    const before = await standing(stage());
    await followable(stage(), before);
    const provider = before.active === "primary" ? "heroku" : "cloudfoundry";
    await setFault(local.folder, provider, { down: ["database"] });
    onTestFinished(async () => void (await setFault(local.folder, provider, { down: [] })));
    const status = await stage().understudy(["status", "--kit", kit]);
    expect(status.stdout).toContain(`the postgres of '${before.active}' doesn't answer`);
    const { exitCode, stderr } = await stage().startCutover(["--to", before.other]).outcome;
    expect(exitCode).toBe(4);
    expect(stderr).toContain(`'${before.active}' can't be fenced: the postgres of '${before.active}'`);
    expect(stderr).toContain("--mode ungraceful");
    await setFault(local.folder, provider, { down: [] });
    await followable(stage(), before);
  });

  it("a name server that refuses the key: nothing is changed", async () => {
    const { env: own, kit, folder } = stage();
    const passphrase = own.UNDERSTUDY_PASSPHRASE ?? "";
    const before = await standing(stage());
    await followable(stage(), before);
    const known = await openKit(kit, passphrase);
    const key = { ...known.traffic.key, secret: Buffer.from("not the key").toString("base64") };
    const wrong = join(folder, "wrong.kit");
    await sealKit(parseKit({ ...known, traffic: { ...known.traffic, key } }), wrong, passphrase);
    const { exitCode, stdout } = await stage().startCutover([
      ...["--to", before.other, "--kit", wrong, "--json"],
    ]).outcome;
    expect(exitCode).toBe(1);
    const { error } = JSON.parse(stdout) as {
      readonly error: { readonly code: string; readonly message: string };
    };
    expect(error.code).toBe("cutover-rolled-back");
    for (const name of ["key", stage().local.dns.server]) expect(error.message).toContain(name);
    await expectSettled(stage(), { active: before.active, standby: before.other, epoch: before.epoch });
  });
}
