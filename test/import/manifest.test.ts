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

  it("is chosen among several: the first that describes applications", async () => {
    const base = "memory: 1G\n";
    const one = (name: string): string => `inherit: manifest-base.yml\napplications:\n- { name: ${name} }\n`;
    const result = await importFiles({
      "manifest-base.yml": base,
      "manifest-blue.yml": one("blue"),
      "manifest-green.yml": one("green"),
    });
    expect(result.app).toMatchObject({ name: "blue", processes: { web: { size: { memoryMb: 1024 } } } });
    const unread = result.notes.filter((note) => note.code === "not-read").map((note) => note.file);
    expect(unread).toEqual(["manifest-green.yml"]);
    const empty = await importFiles({
      "manifest.yml": "",
      "manifest-dev.yml": "applications: [{ name: dev }]\n",
    });
    expect(empty.app.name).toBe("dev");
    const both = { "manifest.yaml": "applications: [{ name: second }]\n" };
    const yml = await importFiles({ ...both, "manifest.yml": "applications: [{ name: first }]\n" });
    expect(yml.app.name).toBe("first");
  });

  it("may inherit over several files, whose lists of services add up", async () => {
    const result = await importFiles({
      "manifest-api.yml": "inherit: shared.yml\napplications: [{ name: api, services: [api-db] }]\n",
      "shared.yml": "inherit: all.yml\nservices: [a-redis]\n",
      "all.yml":
        "memory: 2G\nservices: [a-bucket]\napplications: [{ name: api }, { name: beat, no-route: true, command: b }]\n",
    });
    expect(Object.keys(result.app.services)).toEqual(["api-db", "a-redis", "a-bucket"]);
    expect(Object.keys(result.app.processes)).toEqual(["web", "beat"]);
    expect(result.app.processes.web?.size.memoryMb).toBe(2048);
    expect(noteCodes(result)).not.toContain("parent-missing");
  });

  it.each(["", ".", "manifest.yml"])("that inherits from %j has no parent", async (parent) => {
    const text = `inherit: ${parent}\napplications: [{ name: shop }]\n`;
    expect(noteCodes(await importFiles({ "manifest.yml": text }))).toContain("parent-missing");
  });

  it("sees its paths from its own folder", async () => {
    const text = (path: string): string => `applications: [{ name: shop, path: ${path} }]\n`;
    const up = await importFiles({ "manifests/manifest-prod.yml": text("../") });
    expect(up.app.source).toEqual({ path: "." });
    const beside = await importFiles({ "manifests/manifest-prod.yml": text("../api") });
    expect(beside.app.source).toEqual({ path: "api" });
  });

  it("accounts for its lists by their items, and for what has no effect by what overrules it", async () => {
    const result = await importFiles({
      "manifest.yml": `applications:
- name: shop
  memory: 1G
  buildpacks: [go_buildpack]
  services: [shop-db]
  routes: [{ route: shop.example }]
  processes: [{ type: web, memory: 2G }]
- { name: shop-work, buildpacks: [go_buildpack], no-route: true, domain: a.example, command: w, instances: [1] }
`,
    });
    const at = (key: string): string | undefined => statusOf(result, `/applications/0/${key}`);
    expect(["buildpacks", "services", "routes", "routes/0"].map(at)).toEqual(Array(4).fill("carried"));
    const reasons = new Map(result.sources.map(({ pointer, reason }) => [pointer, reason]));
    expect(reasons.get("/applications/0/memory")).toBe("its web process says otherwise");
    expect(reasons.get("/applications/1/domain")).toBe("no-route says that there is none");
    expect(reasons.get("/applications/1/instances")).toBe("not understood");
  });

  it("is YAML 1.1 to the platform: an unquoted yes is true, and 010 is 8", async () => {
    const result = await importFiles({
      "manifest.yml": `applications:
- { name: shop, env: { A: yes, B: Off, C: 010, D: "yes", E: "010", F: 12345678901234567890 } }
- { name: shop-work, no-route: true, command: w, env: { A: true, B: "off" } }
`,
    });
    expect(result.app.config).toEqual({
      A: "true",
      B: "false",
      C: "8",
      D: "yes",
      E: "010",
      F: "12345678901234567890",
    });
    expect(result.app.processes.work?.command).toBe("export B='off'; w");
    expect(result.notes.filter((note) => note.code === "number-rewritten")).toHaveLength(3);
  });

  it("of a worker without a command can't set what only that has", async () => {
    const result = await importFiles({
      "manifest.yml":
        "applications:\n- { name: shop }\n- { name: shop-work, no-route: true, env: { MODE: work } }\n",
    });
    expect(statusOf(result, "/applications/1/env/MODE")).toBe("dropped");
    expect(noteCodes(result)).toContain("own-variable");
  });

  it("that leaves a whole field to a variable leaves it out, and says so", async () => {
    const result = await importFiles({
      "manifest.yml": `applications:
- name: shop
  command: ((start))
  path: ((folder))
  services: ((services))
- { name: other, path: b, docker: { image: ((image)) }, services: [((main_database))] }
`,
      Procfile: "web: from-procfile\n",
    });
    expect(result.app).toMatchObject({
      source: { path: "." },
      processes: { web: { command: "from-procfile" } },
      services: {},
    });
    for (const key of ["command", "path", "services"])
      expect(statusOf(result, `/applications/0/${key}`), key).toBe("dropped");
    expect(result.notes.filter((note) => note.code === "variable-unknown")).toHaveLength(2);
  });

  it("names a service by its variable when it has no other name", async () => {
    const { app } = await importFiles({
      "manifest.yml": "applications: [{ name: shop, services: [((main_database))] }]\n",
    });
    expect(app.services.main_database?.type).toBe("postgres");
  });

  it("has services of which names tell, by whole words", async () => {
    const names = [
      "blog-db",
      "catalog",
      "licenses",
      "dashboards",
      "my-logs",
      "cards-rds",
      "a-elasticache-redis",
    ];
    const { app } = await importFiles({
      "manifest.yml": `applications: [{ name: shop, services: [${names.join(", ")}] }]\n`,
    });
    expect(names.map((name) => app.services[name]?.type)).toEqual([
      "postgres",
      "user-provided",
      "user-provided",
      "user-provided",
      "log-drain",
      "postgres",
      "redis",
    ]);
  });

  it("says of buildpacks that no other platform can use them", async () => {
    const urls = ["https://github.com/cloudfoundry/nodejs-buildpack.git#v1", "java_buildpack_offline"];
    const result = await importFiles({
      "manifest.yml": `applications: [{ name: shop, buildpacks: ${JSON.stringify(urls)} }]\n`,
    });
    expect(result.app.build.buildpacks).toEqual(urls);
    for (const index of [0, 1])
      expect(statusOf(result, `/applications/0/buildpacks/${index}`)).toBe("approximated");
  });

  it("with a proxy first is the app behind it", async () => {
    const { app } = await importFiles({
      "manifest.yml": `applications:
- { name: shop-proxy, path: proxy, buildpack: nginx_buildpack, routes: [{ route: shop.example }] }
- { name: shop, buildpacks: [python_buildpack], routes: [{ route: shop.apps.internal }] }
`,
    });
    expect(app.name).toBe("shop");
  });

  it("of another tool is refused", async () => {
    const [problem] = await problemsIn({ "manifest.yml": "apiVersion: v1\nkind: Pod\n" });
    expect(problem?.code).toBe("foreign-file");
  });
});
