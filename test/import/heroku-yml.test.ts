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
});
