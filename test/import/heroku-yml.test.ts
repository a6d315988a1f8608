import { describe, expect, it } from "vitest";
import { importFiles, noteCodes, problemsIn, statusOf } from "./import.ts";

describe("a heroku.yml", () => {
  it("builds one image and runs its processes", async () => {
    const result = await importFiles({
      "heroku.yml": `setup:
  addons:
    - plan: heroku-postgresql
      as: DATABASE
  config: { RACK_ENV: production }
build:
  docker: { web: deploy/Dockerfile, worker: deploy/Dockerfile }
  config: { TAG: latest, SECRET: $SECRET }
release:
  image: web
  command: [./migrate, ./seed]
run:
  web: bin/server
  worker: { command: [bin/work], image: web }
`,
    });
    expect(result.app).toMatchObject({
      build: { dockerfile: "deploy/Dockerfile", args: { TAG: "latest", SECRET: "$SECRET" } },
      release: { command: "./migrate && ./seed" },
      processes: { web: { command: "bin/server" }, worker: { command: "bin/work" } },
      services: { postgres: { type: "postgres", env: ["DATABASE_URL"] } },
      config: { RACK_ENV: "production" },
    });
    expect(noteCodes(result)).toContain("literal-argument");
  });

  it("without run starts what the image does", async () => {
    const { app } = await importFiles({ "heroku.yml": "build:\n  docker:\n    web: Dockerfile\n" });
    expect(app.processes).toMatchObject({ web: { scale: { count: 1 } } });
    expect(app.processes.web?.command).toBeUndefined();
  });

  it("with several Dockerfiles keeps that of web and says what is lost", async () => {
    const result = await importFiles({
      "heroku.yml": "build:\n  docker:\n    worker: w/Dockerfile\n    web: Dockerfile\n",
    });
    expect(result.app.build.dockerfile).toBe("Dockerfile");
    expect(statusOf(result, "/build/docker/worker")).toBe("dropped");
    expect(noteCodes(result)).toContain("second-image");
  });

  it("may build a stage of a Dockerfile, and an image for the release command alone", async () => {
    const result = await importFiles({
      "heroku.yml": `build:
  docker:
    release: { dockerfile: Dockerfile, target: tools }
    web: Dockerfile
release: { image: release, command: [migrate] }
`,
    });
    expect(Object.keys(result.app.processes)).toEqual(["web"]);
    expect(result.app).toMatchObject({
      build: { dockerfile: "Dockerfile" },
      release: { command: "migrate" },
    });
    expect(statusOf(result, "/build/docker/release")).toBe("carried");
    expect(noteCodes(result)).toContain("build-stage");
  });

  it("without a Dockerfile does not take the Procfile's place", async () => {
    const result = await importFiles({
      "heroku.yml": "build:\n  packages: [imagemagick]\n",
      Procfile: "web: from-procfile\n",
    });
    expect(result.app.processes.web?.command).toBe("from-procfile");
    expect(noteCodes(result)).toContain("heroku-yml-unused");
  });

  it("of another tool is refused, and left alone beside a Procfile", async () => {
    const files = { "heroku.yml": "name: ci\non: push\njobs: {}\n" };
    const [problem] = await problemsIn(files);
    expect(problem).toMatchObject({ code: "foreign-file", file: "heroku.yml" });
    const result = await importFiles({ ...files, Procfile: "web: x\n" });
    expect(result.app.processes.web?.command).toBe("x");
    expect(statusOf(result, "/jobs")).toBe("ignored");
  });

  it("with what no manual knows drops it", async () => {
    const result = await importFiles({
      "heroku.yml":
        "build:\n  languages: [ruby]\n  docker: { web: { dockerfile: D, target: prod } }\nrelease: rake x\nservices: {}\n",
    });
    expect(result.app).toMatchObject({ build: { dockerfile: "D" }, release: { command: "rake x" } });
    for (const place of ["/build/languages/0", "/build/docker/web/target", "/services"]) {
      expect(statusOf(result, place), place).toBe("dropped");
    }
  });

  it("with keys that no reader knows accounts for them, however deep", async () => {
    const text =
      "build: { docker: { web: { dockerfile: D, a: 1 } }, b: 1 }\nrun: { web: { command: [x], c: 1 } }\nrelease: { command: y, d: { e: 1 } }\nf: 1\n";
    const { sources } = await importFiles({ "heroku.yml": text });
    const forgotten = sources
      .filter((source) => source.reason === "not understood")
      .map((source) => source.pointer);
    expect(forgotten).toEqual([
      "/build/docker/web/a",
      "/build/b",
      "/run/web/c",
      "/release/d",
      "/release/d/e",
      "/f",
    ]);
  });

  it.each(["build: [", "\tx: 1", "a: b: c", "", "x: *y", "a: &a [*a]"])("%j is refused", async (text) => {
    const [problem] = await problemsIn({ "heroku.yml": text });
    expect(problem).toMatchObject({ file: "heroku.yml", suggestion: expect.any(String) });
  });

  it("with one fault has one problem, however often the parser stumbles over it", async () => {
    const problems = await problemsIn({ "heroku.yml": "run:\n  web: x\n- name: y\n  command: z\n" });
    const lines = problems.map((problem) => problem.line);
    expect(new Set(lines).size).toBe(lines.length);
  });

  it("with braces to be filled in is a template", async () => {
    const [problem] = await problemsIn({ "heroku.yml": "build:\n  docker:\n    web: {{ dockerfile }}\n" });
    expect(problem).toMatchObject({ code: "template", line: 3, suggestion: expect.any(String) });
  });
});
