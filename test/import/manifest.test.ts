import { describe, expect, it } from "vitest";
import { importFiles, noteCodes, problemsIn, statusOf } from "./import.ts";

describe("a Cloud Foundry manifest", () => {
  it("of one application", async () => {
    const result = await importFiles({
      "manifest.yml": `applications:
- name: shop
  memory: 1.5G
  disk_quota: 512MB
  instances: 2
  buildpacks: [nodejs_buildpack, "https://github.com/a/b#v1"]
  stack: cflinuxfs4
  path: dist
  command: node server.js
  health-check-type: http
  health-check-http-endpoint: /up
  health-check-invocation-timeout: 3
  timeout: 120
  routes:
  - route: shop.example.com
  - route: shop.example.com/admin
  - route: www.shop.example/api
  - route: shop.app.cloud.gov
  - route: shop.apps.internal
  - plain.example
  - route: tcp.example.com:1234
  env: { DEBUG: false, VERSION: 1.10, GIVEN: ~, PASSWORD: hunter22 }
  services: [shop-db, shop-redis, { name: shop-mail, binding_name: mail }, odd]
`,
    });
    expect(result.app).toMatchObject({
      name: "shop",
      source: { path: "dist" },
      build: {
        buildpacks: ["heroku/nodejs", "https://github.com/a/b#v1"],
        stack: { cloudfoundry: "cflinuxfs4" },
      },
      processes: {
        web: {
          command: "node server.js",
          scale: { count: 2 },
          size: { memoryMb: 1536, diskMb: 512 },
          http: { health: { path: "/up", timeoutSeconds: 3, graceSeconds: 120 } },
        },
      },
      domains: ["shop.example.com", "www.shop.example", "plain.example"],
      config: { DEBUG: "false", VERSION: "1.1" },
      services: {
        "shop-db": { type: "postgres", env: ["DATABASE_URL"] },
        "shop-redis": { type: "redis" },
        "shop-mail": { type: "smtp" },
        odd: { type: "user-provided" },
      },
    });
    expect(Object.keys(result.app.secrets)).toEqual(["GIVEN", "PASSWORD"]);
    expect(JSON.stringify(result)).not.toContain("hunter22");
    const routes = [0, 3, 4, 6].map((index) => statusOf(result, `/applications/0/routes/${index}/route`));
    expect(routes).toEqual(["carried", "ignored", "dropped", "dropped"]);
    expect(statusOf(result, "/applications/0/routes/1/route")).toBe("approximated");
    expect(noteCodes(result)).toEqual(
      expect.arrayContaining(["number-rewritten", "services-guessed", "plain-route", "secret-left-out"]),
    );
  });

  it("with processes, of which web takes what is said of the whole", async () => {
    const { app } = await importFiles({
      "manifest.yml": `applications:
- name: shop
  memory: 256M
  processes:
  - { type: web, instances: 3 }
  - { type: worker, memory: 1G, command: work, health-check-type: process }
  - { type: scheduler, instances: 1, command: celery beat }
`,
    });
    expect(app.processes).toMatchObject({
      web: { scale: { count: 3 }, size: { memoryMb: 256 } },
      worker: { command: "work", size: { memoryMb: 1024 } },
      scheduler: { singleton: true },
    });
  });

  it("of several applications with one source is one app; others are named", async () => {
    const text = `defaults: &d { buildpack: python_buildpack, services: [db], env: { LEVEL: info } }
applications:
- { <<: *d, name: shop-prod, command: serve, routes: [{ route: shop.example }] }
- { <<: *d, name: shop-worker, command: work, no-route: true, env: { LEVEL: "it's", TOKEN: abcdef } }
- { name: shop-proxy, path: proxy, routes: [{ route: p.example }] }
`;
    const result = await importFiles({ "manifest.yml": text });
    expect(result.app.name).toBe("shop-prod");
    expect(result.app.config).toEqual({ LEVEL: "info" });
    expect(result.app.processes.worker?.command).toBe(`export LEVEL='it'\\''s'; work`);
    expect(statusOf(result, "/applications/1/env/TOKEN")).toBe("dropped");
    expect(statusOf(result, "/applications/2/routes/0/route")).toBe("dropped");
    expect(statusOf(result, "/defaults/buildpack")).toBe("carried");
    expect(noteCodes(result)).toEqual(expect.arrayContaining(["other-app", "own-variable"]));
    const proxy = await importFiles({ "manifest.yml": text }, { application: "shop-proxy" });
    expect(proxy.app).toMatchObject({
      name: "shop-proxy",
      source: { path: "proxy" },
      domains: ["p.example"],
    });
  });

  it("without the application that was asked for is refused", async () => {
    const files = { "manifest.yml": "applications:\n- { name: shop }\n" };
    await expect(importFiles(files, { application: "shpo" })).rejects.toMatchObject({
      code: "unknown-application",
      suggestion: "Did you mean 'shop'?",
    });
  });

  it("without routes is a worker", async () => {
    const { app } = await importFiles({
      "manifest.yml": "applications:\n- { name: cf-cron, no-route: true, command: x }\n",
    });
    expect(Object.keys(app.processes)).toEqual(["worker"]);
  });

  it("has its variables filled in, or tells which are missing", async () => {
    const text =
      "applications:\n- { name: ((app))-web, instances: ((n)), env: { URL: 'https://((host))/' }, routes: [{ route: ((host)) }], services: [((app))-db] }\n";
    const without = await importFiles({ "manifest.yml": text });
    expect(without.app).toMatchObject({
      name: "shop",
      domains: [],
      services: { db: { type: "postgres" } },
      secrets: { URL: {} },
    });
    expect(noteCodes(without)).toContain("variables-unknown");
    const variables = new Map([
      ["app", "store"],
      ["n", "3"],
      ["host", "store.example"],
    ]);
    const given = await importFiles({ "manifest.yml": text }, { variables });
    expect(given.app).toMatchObject({
      name: "store-web",
      domains: ["store.example"],
      config: { URL: "https://store.example/" },
      services: { "store-db": { type: "postgres" } },
      processes: { web: { scale: { count: 3 } } },
    });
    expect(noteCodes(given)).not.toContain("variables-unknown");
  });

  it("of the old kind: inherited, with attributes for all applications", async () => {
    const result = await importFiles({
      "base.yml":
        "buildpack: python_buildpack\nmemory: 1G\nenv: { A: base, B: base }\napplications:\n- { name: api, instances: 1 }\n",
      "manifest-production.yml":
        "inherit: base.yml\nmemory: 2G\ninstances: 5\ndomain: example.org\nhost: api\nenv: { A: child }\n",
    });
    expect(result.app).toMatchObject({
      name: "api",
      build: { buildpacks: ["heroku/python"] },
      processes: { web: { scale: { count: 1 }, size: { memoryMb: 2048 } } },
      config: { A: "child", B: "base" },
      domains: ["api.example.org"],
    });
    expect(new Set(result.sources.map((source) => source.file))).toEqual(
      new Set(["manifest-production.yml", "base.yml"]),
    );
    expect(
      result.sources.find(({ file, pointer }) => file === "base.yml" && pointer === "/memory")?.status,
    ).toBe("ignored");
    expect(noteCodes(result)).toContain("deprecated");
  });

  it("whose parent is not there is still read, and that is told", async () => {
    const result = await importFiles({
      "manifest.yml": "inherit: gone.yml\napplications:\n- { name: shop }\n",
    });
    expect(result.app.name).toBe("shop");
    expect(statusOf(result, "/inherit")).toBe("dropped");
    expect(noteCodes(result)).toContain("parent-missing");
  });

  it("runs an image", async () => {
    const { app } = await importFiles({
      "manifest.yml": "applications:\n- name: solr\n  docker: { image: a/solr:9, username: me }\n  path: x\n",
    });
    expect(app.source).toEqual({ image: "a/solr:9" });
  });

  it("keeps the Procfile's other processes at 0, as the platform does", async () => {
    const result = await importFiles({
      "manifest.yml": "applications:\n- name: shop\n",
      Procfile: "web: a\nworker: b\n",
    });
    expect(result.app.processes).toMatchObject({
      web: { command: "a" },
      worker: { command: "b", scale: { count: 0 } },
    });
    expect(noteCodes(result)).toContain("kept-at-zero");
  });

  it("is chosen among several: manifest.yml, else production's", async () => {
    const one = (name: string): string => `applications:\n- { name: ${name} }\n`;
    const files = { "manifests/manifest-dev.yml": one("dev"), "manifests/manifest-prod.yml": one("prod") };
    const result = await importFiles(files);
    expect(result.app.name).toBe("prod");
    expect(noteCodes(result)).toContain("not-read");
    const dev = await importFiles(files, { manifest: "manifests/manifest-dev.yml" });
    expect(dev.app.name).toBe("dev");
  });

  it("of another tool is refused", async () => {
    const [problem] = await problemsIn({ "manifest.yml": "apiVersion: v1\nkind: Pod\n" });
    expect(problem?.code).toBe("foreign-file");
  });
});
