import { describe, expect, it } from "vitest";
import { importFiles, noteCodes, problemsIn, statusOf } from "./import.ts";

const commands = async (text: string): Promise<Record<string, string | undefined>> => {
  const { app } = await importFiles({ Procfile: text });
  return Object.fromEntries(Object.entries(app.processes).map(([name, process]) => [name, process.command]));
};

describe("a Procfile", () => {
  it("has comments, blank lines, Windows line ends, and types of every form", async () => {
    const text =
      "\uFEFF# the app\r\n\r\nweb: node server.js --name a:b\r\nworker_default:node work.js\r\n// old\r\n  3d-print: x\r\n";
    expect(await commands(text)).toEqual({
      web: "node server.js --name a:b",
      worker_default: "node work.js",
      "3d-print": "x",
    });
  });

  it("may name its release command, which is no process", async () => {
    const { app, sources } = await importFiles({ Procfile: "release: rake db:migrate\nweb: rails s\n" });
    expect(app.release?.command).toBe("rake db:migrate");
    expect(Object.keys(app.processes)).toEqual(["web"]);
    expect(sources).toEqual([
      { file: "Procfile", line: 1, status: "carried", to: "release.command" },
      { file: "Procfile", line: 2, status: "carried", to: "processes.web.command" },
    ]);
  });

  it("may break a command over several lines", async () => {
    const result = await importFiles({
      Procfile: "release: one &&\n  two && \\\nthree\nweb:\n  node x\nworker: y\n",
    });
    expect(result.app.release?.command).toBe("one && two && three");
    expect(result.app.processes.web?.command).toBe("node x");
    expect([1, 2, 3].map((line) => statusOf(result, line))).toEqual(Array(3).fill("approximated"));
    expect(noteCodes(result)).toContain("joined-lines");
  });

  it("keeps by-hand processes at 0 and clocks single, and says so", async () => {
    const result = await importFiles({
      Procfile: "web: a\nconsole: b\nclock: c\nbeat-main: celery -A x beat\nworker: d\n",
    });
    expect(result.app.processes.console?.scale.count).toBe(0);
    expect(result.app.processes.clock?.singleton).toBe(true);
    expect(result.app.processes["beat-main"]?.singleton).toBe(true);
    expect(result.app.processes.worker).toMatchObject({ singleton: false, scale: { count: 1 } });
    expect(noteCodes(result)).toEqual(
      expect.arrayContaining(["kept-at-zero", "assumed-singleton", "assumed-count"]),
    );
  });

  it.each([
    ["web: rails s -p 3000", "fixed-port"],
    ["web: bin/migrate && node x", "migrates-at-start"],
    ["task: x && sleep infinity", "one-off"],
    ["web: foreman start -f Procfile.heroku", "process-manager"],
    ["web: /app/bin/server", "fixed-path"],
  ])("%s: a hint", async (line, code) => {
    expect(noteCodes(await importFiles({ Procfile: line }))).toContain(code);
  });

  it("with a secret in a command: a hint", async () => {
    const result = await importFiles({ Procfile: "web: CACHE=redis://:hunter22@cache.example node x\n" });
    expect(noteCodes(result)).toContain("secret-in-command");
    const own = await importFiles({ Procfile: "web: CACHE=redis://$USER:$PASS@cache.example node x\n" });
    expect(noteCodes(own)).not.toContain("secret-in-command");
  });

  it("may say the same of a process twice", async () => {
    const result = await importFiles({ Procfile: "web: a\nworker: b\n# production\nweb: a\n" });
    expect(Object.keys(result.app.processes)).toEqual(["web", "worker"]);
    expect(statusOf(result, 4)).toBe("ignored");
    expect(noteCodes(result)).toContain("repeated");
  });

  it("that listens on $PORT gives none", async () => {
    expect(noteCodes(await importFiles({ Procfile: "web: puma -p $PORT" }))).not.toContain("fixed-port");
  });

  it.each([
    ["web: a\nbundle install\n", [[2, "bad-procfile"]]],
    [
      "web: a\nweb: b\nworker:\n",
      [
        [2, "duplicate-process"],
        [3, "no-command"],
      ],
    ],
    [
      "<<<<<<< HEAD\nweb: a\n=======\nweb: b\n>>>>>>> main\n",
      [
        [1, "merge-conflict"],
        [3, "merge-conflict"],
        [5, "merge-conflict"],
      ],
    ],
    ["web: a\n{%- if x %}\nworker: b\n", [[2, "template"]]],
    [`${"x".repeat(64)}: a\n`, [[1, "bad-name"]]],
  ])("%j is refused, with every line", async (text, expected) => {
    const problems = await problemsIn({ Procfile: text });
    expect(problems.map(({ line, code }) => [line, code])).toEqual(expected);
    for (const problem of problems)
      expect(problem).toMatchObject({ file: "Procfile", suggestion: expect.any(String) });
  });

  it("names that become one on other platforms: the second is dropped, not both lost", async () => {
    const result = await importFiles({ Procfile: "web: a\nwork_1: b\nwork-1: c\n" });
    expect(Object.keys(result.app.processes)).toEqual(["web", "work_1"]);
    expect(statusOf(result, 3)).toBe("dropped");
    expect(result.notes).toContainEqual({
      code: "left-out",
      message: expect.stringMatching(/^processes\.work-1 is left out: 'work-1' and 'work_1' become the same/),
    });
  });
});
