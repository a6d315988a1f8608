import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { heroku } from "../../../providers/heroku/index.ts";
import { guardedRelease } from "../../../providers/heroku/render/procfile.ts";
import { type AppInput, appSchema } from "../../../src/app/schema.ts";
import type { Rendered } from "../../../src/platform/contract.ts";

const archive = { path: "/tmp/source.tgz", sha256: "ab".repeat(32) };

function render(input: Omit<AppInput, "name">, settings: object = {}, withArchive = true): Rendered {
  const app = appSchema.parse({ name: "shop", ...input });
  return heroku.render(app, {
    name: "primary",
    role: "active",
    settings: heroku.settings.parse(settings),
    ...(withArchive ? { archive } : {}),
  });
}

function inputsOf(rendered: Rendered, name: string): Readonly<Record<string, unknown>> | undefined {
  return rendered.resources.find((resource) => resource.name === name)?.inputs;
}

function artifact(rendered: Rendered, path: string): string | undefined {
  return rendered.artifacts.find((candidate) => candidate.path === path)?.content;
}

describe("Heroku's rendering of", () => {
  it("settings: a name of its own, a region, or a space that settles it", () => {
    expect(inputsOf(render({}), "app")).toEqual({ name: "shop", region: "us" });
    expect(inputsOf(render({}, { app: "acme-shop", region: "eu", team: "acme" }), "app")).toEqual({
      name: "acme-shop",
      region: "eu",
      team: "acme",
    });
    expect(inputsOf(render({}, { space: "private" }), "app")).toEqual({ name: "shop", space: "private" });
  });

  it("sizes: by memory, by hint, and never eco or basic beside a professional one", () => {
    const sizes = (processes: AppInput["processes"]) => inputsOf(render({ processes }), "formation")?.sizes;
    expect(sizes({ web: {} })).toEqual({});
    expect(sizes({ web: { size: { memoryMb: 300 } } })).toEqual({ web: "basic" });
    expect(sizes({ web: { scale: { count: 2 } } })).toEqual({ web: "standard-1x" });
    expect(sizes({ web: { size: { memoryMb: 800 } }, worker: { size: { memoryMb: 100 } } })).toEqual({
      web: "standard-2x",
      worker: "standard-1x",
    });
    expect(sizes({ web: { size: { plan: { heroku: "Performance-M" } } }, worker: {} })).toEqual({
      web: "performance-m",
      worker: "standard-1x",
    });
    expect(sizes({ web: { size: { memoryMb: 999_999 } } })).toEqual({ web: "performance-2xl" });
  });

  it("services: an add-on each, further names as attachments, other forms of names by a script", () => {
    const rendered = render({
      services: {
        database: {
          type: "postgres",
          version: "16",
          plan: { heroku: "standard-0" },
          env: ["DATABASE_URL", "PRIMARY_URL"],
        },
        mail: { type: "sendgrid", plan: { heroku: "sendgrid" } },
        search: { type: "elasticsearch", plan: { heroku: "bonsai:sandbox" }, env: ["BONSAI"] },
        "2fast": { type: "redis", env: ["CACHE_DSN"] },
        odd: { type: "something" },
      },
    });
    expect(inputsOf(rendered, "addon-database")).toMatchObject({
      service: "heroku-postgresql",
      plan: "standard-0",
      attachment: "DATABASE",
      options: { version: "16" },
    });
    expect(inputsOf(rendered, "attachment-database-PRIMARY")).toMatchObject({ name: "PRIMARY" });
    expect(inputsOf(rendered, "addon-search")).toMatchObject({ service: "bonsai", attachment: "SEARCH" });
    expect(inputsOf(rendered, "addon-mail")).toMatchObject({ service: "sendgrid", plan: null });
    expect(inputsOf(rendered, "addon-2fast")).toMatchObject({ attachment: "S2FAST" });
    expect(inputsOf(rendered, "addon-odd")).toBeUndefined();
    expect(artifact(rendered, ".profile.d/understudy.sh")).toBe(
      'export BONSAI="$SEARCH_URL"\nexport CACHE_DSN="$S2FAST_URL"\n',
    );
    const release = rendered.resources.find(({ name }) => name === "release");
    expect(release?.dependsOn).toEqual(
      expect.arrayContaining(["addon-database", "addon-search", "attachment-database-PRIMARY"]),
    );
  });

  it("an image: built from a Dockerfile of one line, on the container stack", () => {
    const rendered = render(
      {
        source: { image: "registry.example.com/shop@sha256:00" },
        processes: { web: {}, worker: { command: "run worker" } },
        release: { command: "migrate" },
      },
      {},
      false,
    );
    expect(inputsOf(rendered, "app")).toMatchObject({ stack: "container" });
    const files = inputsOf(rendered, "release")?.files as Record<string, string>;
    expect(files.Dockerfile).toBe("FROM registry.example.com/shop@sha256:00\n");
    expect(parse(files["heroku.yml"] ?? "")).toEqual({
      build: { docker: { web: "Dockerfile" } },
      release: { command: [guardedRelease("migrate")], image: "web" },
      run: { worker: { command: ["run worker"], image: "web" } },
    });
    expect(artifact(rendered, "heroku.yml")).toBe(files["heroku.yml"]);
  });

  it("a Dockerfile in the source: heroku.yml beside it", () => {
    const rendered = render({
      build: { dockerfile: "docker/Dockerfile", args: { A: "1" } },
      processes: { web: {} },
    });
    expect(inputsOf(rendered, "release")).toMatchObject({ stack: "container", sha256: archive.sha256 });
    expect(artifact(rendered, "heroku.yml")).toBe(
      'build:\n  config:\n    A: "1"\n  docker:\n    web: docker/Dockerfile\n',
    );
    expect(artifact(rendered, "Procfile")).toBeUndefined();
  });

  it("a repository: refused where Pulumi checks it, with what to do instead", () => {
    const rendered = render({ source: { git: "https://example.com/shop.git" } }, {}, false);
    const handler = heroku.resources["understudy:heroku:Release"];
    const refusal = handler?.inputs.safeParse({ ...inputsOf(rendered, "release"), app: "an-id" });
    expect(refusal?.success).toBe(false);
    expect(refusal?.error?.issues[0]).toMatchObject({
      path: ["git"],
      message: expect.stringContaining("source.path"),
    });
    expect(rendered.fidelity).toContainEqual(
      expect.objectContaining({ field: "source.git", fidelity: "dropped", fallback: expect.any(String) }),
    );
  });

  it("a folder that was not packed: everything but the code", () => {
    const rendered = render({ processes: { web: { command: "node web.js" } } }, {}, false);
    expect(rendered.resources.map(({ name }) => name)).toEqual(["app"]);
    expect(artifact(rendered, "Procfile")).toBe("web: node web.js\n");
  });

  it("processes without a command: kept from the archive's own Procfile", () => {
    const rendered = render({ processes: { web: {}, worker: { command: "node worker.js" } } });
    expect(inputsOf(rendered, "release")).toMatchObject({
      keepProcesses: ["web"],
      files: { Procfile: "worker: node worker.js\n" },
    });
  });

  it("app.json: what Heroku's own tools take", () => {
    const rendered = render({
      build: { buildpacks: ["heroku/nodejs"], stack: { heroku: "heroku-24" } },
      processes: { web: { command: "node web.js", scale: { count: 2 } } },
      services: { database: { type: "postgres", env: ["DATABASE_URL"] } },
      config: { COLOR: "green" },
      secrets: { KEY: { generate: true }, TOKEN: { description: "of the mailer" } },
      setup: "node seed.js",
    });
    expect(JSON.parse(artifact(rendered, "app.json") ?? "")).toEqual({
      name: "shop",
      stack: "heroku-24",
      buildpacks: [{ url: "heroku/nodejs" }],
      addons: [{ plan: "heroku-postgresql:essential-0", as: "DATABASE" }],
      env: {
        COLOR: { value: "green" },
        KEY: { generator: "secret" },
        TOKEN: { description: "of the mailer", required: true },
      },
      formation: { web: { quantity: 2, size: "standard-1x" } },
      scripts: { postdeploy: "node seed.js" },
    });
  });

  it("links: no logical replication", () => {
    const { fidelity } = render({
      services: { database: { type: "postgres", link: { mode: "logical" } } },
    });
    expect(fidelity).toContainEqual({
      field: "services.database.link.mode",
      fidelity: "dropped",
      reason: "no logical link for postgres",
      fallback: "possible here: trigger, snapshot, shared, rebuild, none",
    });
  });
});
