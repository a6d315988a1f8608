import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { folderWith } from "../import/import.ts";
import { understudy } from "../support/understudy.ts";
import { expectClear, expectNoTrace } from "./clear.ts";

// As a user would: the command in a folder of its own, its exit code, and what it says.
describe("a description", () => {
  it("that is not there", async () => {
    const cwd = await folderWith({});
    const nothing = { exitCode: 2, code: "nothing-to-import", names: ["Procfile", "app.json"] };
    await expectClear(["import"], { cwd }, nothing);
    await expectClear(["check"], { cwd }, nothing);
  });

  it.each([
    [
      "with an unknown key",
      "name: shop\nprocesses:\n  web: {}\nservcies: {}\n",
      { code: "unknown-key", names: ["understudy.yaml", "servcies", "services"] },
    ],
    [
      "with two processes on one port",
      "name: shop\nprocesses:\n  web: { http: { port: 8080 } }\n  admin: { command: a, http: { port: 8080 } }\n",
      { code: "port-taken", names: ["understudy.yaml", "8080", "web", "admin"] },
    ],
    [
      "with a cron line that is none",
      'name: shop\nschedule:\n  digest: { command: a, cron: "61 * * * *" }\n',
      { code: "bad-cron", names: ["understudy.yaml", "61"] },
    ],
    [
      "with a domain that is none",
      'name: shop\ndomains: ["https://www.example.com/"]\n',
      { code: "bad-format", names: ["understudy.yaml", "domains", "www.example.com"] },
    ],
  ])("%s", async (_title, text, { code, names }) => {
    const cwd = await folderWith({ "understudy.yaml": text });
    await expectClear(["check"], { cwd }, { exitCode: 2, code, names });
  });

  it("tells a person every problem with its line, without a stack trace", async () => {
    const cwd = await folderWith({ "understudy.yaml": "name: shop\nservcies: {}\ndomains: [a b]\n" });
    const outcome = await understudy(["check"], { cwd });
    expect(outcome).toMatchObject({ exitCode: 2, stdout: "" });
    expectNoTrace(outcome);
    expect(outcome.stderr).toMatch(/error: understudy\.yaml:2:1: .*servcies.*services/);
    expect(outcome.stderr).toMatch(/error: understudy\.yaml:3:\d+: domains.*host name/);
  });
});

describe("a name", () => {
  it("of a platform that there is not", async () => {
    const cwd = await folderWith({ "understudy.yaml": "name: shop\n" });
    const unknown = { exitCode: 2, code: "unknown-platform", names: ["herku", "heroku"] };
    await expectClear(["check", "--to", "herku"], { cwd }, unknown);
    await expectClear(["render", "--to", "herku", "-o", "out"], { cwd }, unknown);
  });

  it("of an option that there is not", async () => {
    const cwd = await folderWith({});
    const names = ["--frobnicate"];
    await expectClear(["check", "--frobnicate"], { cwd }, { exitCode: 2, code: "wrong-usage", names });
    const { stderr } = await understudy(["check", "--frobnicate"], { cwd });
    expect(stderr).toContain("--help");
  });

  it("of a command that there is not", async () => {
    const outcome = await understudy(["cutoff"], { cwd: await folderWith({}) });
    expect(outcome).toMatchObject({ exitCode: 2, stdout: "" });
    expect(outcome.stderr).toContain("cutover");
  });
});

describe("a port", () => {
  it("that is in use", async () => {
    const server = createServer().listen(0, "127.0.20.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    await expectClear(
      ["local", "up", "--folder", "platforms", "--port", String(port)],
      { cwd: await folderWith({}) },
      { exitCode: 1, code: "port-in-use", names: [`Port ${port} of 127.0.20.1`, "another port"] },
    );
  });

  it("that is none", async () => {
    const names = ["--port", "1 to 65535"];
    const cwd = await folderWith({});
    await expectClear(
      ["local", "up", "--port", "70000"],
      { cwd },
      { exitCode: 2, code: "wrong-usage", names },
    );
  });
});
