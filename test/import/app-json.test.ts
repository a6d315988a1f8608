import { describe, expect, it } from "vitest";
import { importFiles, noteCodes, problemsIn, statusOf } from "./import.ts";

const base = { Procfile: "web: node server.js\n" };

describe("env of an app.json", () => {
  it("goes to config when its value is known, else to the secrets, of which only the name is kept", async () => {
    const result = await importFiles({
      ...base,
      "app.json": {
        env: {
          PLAIN: "x",
          SWITCH: true,
          LIMIT: 5,
          DESCRIBED: { description: "why", value: "y", required: true },
          COOKIE_KEY: { description: "cookies", generator: "secret" },
          EMPTY: { value: "" },
          OPTIONAL: { required: false },
          API_TOKEN: { value: "hunter22" },
          DATABASE: "postgres://u:hunter22@db/x",
          STRIPE_PUBLISHABLE_KEY: "pk",
          PORT: "5000",
          "not-a-name": "x",
        },
      },
    });
    expect(result.app.config).toEqual({
      PLAIN: "x",
      SWITCH: "true",
      LIMIT: "5",
      DESCRIBED: "y",
      STRIPE_PUBLISHABLE_KEY: "pk",
    });
    expect(result.app.secrets).toEqual({
      COOKIE_KEY: { description: "cookies", generate: true, required: true },
      EMPTY: { generate: false, required: true },
      OPTIONAL: { generate: false, required: false },
      API_TOKEN: { generate: false, required: true },
      DATABASE: { generate: false, required: true },
    });
    expect(JSON.stringify(result)).not.toContain("hunter22");
    expect(statusOf(result, "/env/API_TOKEN/value")).toBe("approximated");
    expect(statusOf(result, "/env/DESCRIBED/description")).toBe("ignored");
    expect(result.comments).toContainEqual({ path: ["config", "DESCRIBED"], text: "why" });
    expect(statusOf(result, "/env/PORT")).toBe("ignored");
    expect(statusOf(result, "/env/not-a-name")).toBe("dropped");
  });

  it("keeps every digit of a long id", async () => {
    const text = '{ "env": { "OWNER": 1234567890123456789, "GUILD": { "value": 9876543210987654321 } } }';
    const { app } = await importFiles({ ...base, "app.json": text });
    expect(app.config).toEqual({ OWNER: "1234567890123456789", GUILD: "9876543210987654321" });
  });

  it("knows a secret by its shape, and by words that are run together", async () => {
    const env = {
      QUEUES: '[{"url": "amqp://us:hunter22@queue.example"}]',
      REPORTS_TO: `https://${"0123456789abcdef".repeat(2)}@errors.example/1`,
      AWS_ACCESS_KEY_ID: `AKIA${"Z".repeat(16)}`,
      CHAT_HOOK: "https://hooks.slack.com/services/T0/B0/x0",
      SESSION: "aB3".repeat(11),
      PROXY: `https://\${USER}:\${PASS}@proxy.example`,
      OAUTH_CLIENTSECRET: "hunter22",
      SECRET_KEY_2: "hunter22",
    };
    const result = await importFiles({ ...base, "app.json": { env } });
    expect(result.app.config).toEqual({});
    expect(Object.keys(result.app.secrets)).toEqual(Object.keys(env));
    expect(JSON.stringify(result)).not.toMatch(/hunter22|AKIAZ|services\/T0/);
  });

  it("whose value is no text is not said to be empty", async () => {
    const result = await importFiles({ ...base, "app.json": { env: { A: { value: ["x"] } } } });
    expect(statusOf(result, "/env/A/value")).toBe("dropped");
  });

  it("may name the buildpack, as a text or with a description", async () => {
    const url = "https://github.com/a/b.git#v1";
    const result = await importFiles({
      ...base,
      "app.json": { env: { BUILDPACK_URL: { description: "d", value: url } } },
    });
    expect(result.app.build.buildpacks).toEqual([url]);
    expect(result.app.config).toEqual({});
    expect(statusOf(result, "/env/BUILDPACK_URL/description")).toBe("ignored");
    const empty = await importFiles({ ...base, "app.json": { env: { BUILDPACK_URL: "" } } });
    expect(empty.app.build.buildpacks).toBeUndefined();
    expect(empty.app.config).toEqual({});
  });

  it("gives way to the service that gives the variable", async () => {
    const result = await importFiles({
      ...base,
      "app.json": { addons: ["heroku-redis"], env: { REDIS_URL: { required: true } } },
    });
    expect(result.app.secrets).toEqual({});
    expect(statusOf(result, "/env/REDIS_URL")).toBe("carried");
  });

  it("that holds a placeholder or the platform's own host is pointed out", async () => {
    const env = { URL: "https://CHANGE-ME.example", HOST: "shop.herokuapp.com" };
    expect(noteCodes(await importFiles({ ...base, "app.json": { env } }))).toEqual(
      expect.arrayContaining(["placeholder", "platform-host"]),
    );
  });
});

describe("add-ons of an app.json", () => {
  it("become services, by their common types", async () => {
    const { app } = await importFiles({
      ...base,
      "app.json": {
        addons: [
          "heroku-postgresql:standard-0 --version=15",
          {
            plan: "heroku-redis:premium-0",
            as: "CACHE",
            options: { maxmemory_policy: "noeviction", version: 7 },
          },
          { plan: "heroku-redis" },
          { plan: "memcachier:dev", as: "MEMCACHE" },
          "cloudamqp:lemur",
          "sendgrid",
          "oddity:big",
        ],
      },
    });
    expect(app.services).toMatchObject({
      postgres: { type: "postgres", env: ["DATABASE_URL"], plan: { heroku: "standard-0" }, version: "15" },
      cache: {
        type: "redis",
        env: ["CACHE_URL"],
        plan: { heroku: "premium-0" },
        version: "7",
        options: { maxmemory_policy: "noeviction" },
      },
      redis: { type: "redis", env: ["REDIS_URL"] },
      memcache: { type: "memcached", plan: { heroku: "memcachier:dev" } },
      rabbitmq: { type: "rabbitmq", env: ["CLOUDAMQP_URL"], plan: { heroku: "cloudamqp:lemur" } },
      sendgrid: { type: "sendgrid", plan: { heroku: "sendgrid" } },
      oddity: { type: "oddity", env: ["ODDITY_URL"], plan: { heroku: "oddity:big" } },
    });
  });

  it("under a name of their own keep the end of their variable's", async () => {
    const { app } = await importFiles({
      ...base,
      "app.json": { addons: [{ plan: "mongolab", as: "DOCS" }, "dokku-postgres"] },
    });
    expect(app.services.docs?.env).toEqual(["DOCS_URI"]);
    expect(app.services.postgres).toMatchObject({ type: "postgres", env: ["DATABASE_URL"] });
    expect(app.services.postgres?.plan).toBeUndefined();
  });

  it("of one kind twice, without a name, are told apart", async () => {
    const result = await importFiles({
      ...base,
      "app.json": { addons: ["heroku-postgresql", "heroku-postgresql"] },
    });
    expect(Object.keys(result.app.services)).toEqual(["postgres", "postgres-2"]);
    expect(noteCodes(result)).toContain("env-unknown");
  });

  it("whose plans are gone get those of today; schedulers hold no jobs in a file", async () => {
    const result = await importFiles({
      ...base,
      "app.json": { addons: ["heroku-postgresql:hobby-dev", "scheduler:standard", "heroku-redis:in-dyno"] },
    });
    expect(result.app.services.postgres?.plan).toEqual({ heroku: "essential-0" });
    expect(["/addons/0", "/addons/1", "/addons/2"].map((place) => statusOf(result, place))).toEqual([
      "approximated",
      "dropped",
      "ignored",
    ]);
    expect(noteCodes(result)).toContain("jobs-elsewhere");
  });
});

describe("the rest of an app.json", () => {
  it("sizes, counts, build and set-up", async () => {
    const result = await importFiles({
      ...base,
      "app.json": {
        name: "Our Shop!",
        stack: "heroku-24",
        buildpacks: [{ url: "heroku/nodejs" }, "https://github.com/a/b", { url: "https://x.example/c.tgz" }],
        formation: { web: { quantity: 2, size: "Standard-2X" }, worker: { quantity: 0, size: "free" } },
        scripts: { postdeploy: "rake db:migrate db:seed", predeploy: "x" },
        environments: { review: { env: { DEBUG: "true" } } },
        keywords: ["a"],
      },
    });
    expect(result.app).toMatchObject({
      name: "our-shop",
      build: {
        buildpacks: ["heroku/nodejs", "https://github.com/a/b", "https://x.example/c.tgz"],
        stack: { heroku: "heroku-24" },
      },
      setup: "rake db:migrate db:seed",
      processes: {
        web: { scale: { count: 2 }, size: { memoryMb: 1024, plan: { heroku: "standard-2x" } } },
        worker: { scale: { count: 0 }, size: { plan: { heroku: "basic" } } },
      },
    });
    expect(result.app.release).toBeUndefined();
    expect(result.app.config).toEqual({});
    expect(statusOf(result, "/environments/review/env/DEBUG")).toBe("ignored");
    expect(noteCodes(result)).toEqual(
      expect.arrayContaining(["migration-only-at-setup", "unpinned-buildpack"]),
    );
  });

  it("a formation may be a list", async () => {
    const { app } = await importFiles({
      "app.json": { name: "ab", formation: [{ process: "worker", quantity: 3 }] },
    });
    expect(app.processes.worker?.scale.count).toBe(3);
    const maps = await importFiles({
      "app.json": { name: "ab", formation: [{ worker: { quantity: 2 } }, { web: { quantity: 0 } }] },
    });
    expect(maps.app.processes).toMatchObject({
      worker: { scale: { count: 2 } },
      web: { scale: { count: 0 } },
    });
    expect(statusOf(maps, "/formation/0/worker/quantity")).toBe("carried");
  });

  it("scripts of review apps are none of production's", async () => {
    const result = await importFiles({ ...base, "app.json": { scripts: { "pr-predestroy": "x" } } });
    expect(statusOf(result, "/scripts/pr-predestroy")).toBe("ignored");
  });

  it("Dokku's jobs and checks", async () => {
    const result = await importFiles({
      ...base,
      "app.json": {
        cron: [
          { command: "python manage.py runjobs daily", schedule: "@daily" },
          { command: "python manage.py runjobs daily", schedule: "1 2 * * *", concurrency_policy: "forbid" },
          { command: "x", schedule: "@reboot" },
        ],
        healthchecks: {
          web: [
            { type: "startup", path: "/start", attempts: 3 },
            { type: "liveness", path: "/live", attempts: 4, wait: 6, timeout: 2, port: 8000, content: "ok" },
            { type: "startup", uptime: 5 },
          ],
        },
        formation: {
          web: {
            autoscaling: {
              min_quantity: 2,
              max_quantity: 5,
              triggers: [{ type: "cpu", metadata: { value: "70" } }],
            },
          },
        },
      },
    });
    expect(result.app.schedule).toMatchObject({
      "runjobs-daily": { cron: "0 0 * * *", overlap: "allow" },
      "runjobs-daily-2": { cron: "1 2 * * *", overlap: "forbid" },
    });
    expect(result.app.processes.web).toMatchObject({
      http: { port: 8000, health: { path: "/live", failures: 4, intervalSeconds: 6, timeoutSeconds: 2 } },
      scale: { count: 2, min: 2, max: 5, cpuPercent: 70 },
    });
    expect(statusOf(result, "/cron/2")).toBe("dropped");
    expect(statusOf(result, "/healthchecks/web/1/content")).toBe("dropped");
  });

  it("what is of a wrong kind is dropped, never guessed at", async () => {
    const result = await importFiles({
      ...base,
      "app.json": {
        name: ["x"],
        env: [1],
        formation: "web",
        addons: { a: 1 },
        constructor: {},
        buildpacks: [{}, 7],
      },
    });
    for (const place of ["/name", "/env", "/formation", "/addons", "/constructor"])
      expect(statusOf(result, place), place).toBe("dropped");
  });
});

it("what no reader knows is accounted for, however deep in what one knows", async () => {
  const result = await importFiles({
    ...base,
    "app.json": {
      name: "shop",
      novelty: 1,
      env: { A: { value: "1", novelty: 1 }, B: { novelty: 1 } },
      addons: [{ plan: "heroku-redis", novelty: 1 }],
      formation: { web: { quantity: 1, novelty: { deep: 1 } } },
      scripts: { novelty: "x" },
      healthchecks: { web: [{ path: "/", novelty: 1 }] },
    },
  });
  const forgotten = result.sources
    .filter((source) => source.reason === "not understood")
    .map((source) => source.pointer);
  expect(forgotten).toEqual([
    "/novelty",
    "/env/A/novelty",
    "/env/B/novelty",
    "/addons/0/novelty",
    "/formation/web/novelty",
    "/formation/web/novelty/deep",
    "/scripts/novelty",
    "/healthchecks/web/0/novelty",
  ]);
});

describe("an app.json that is not strict JSON", () => {
  it("is mended and that is told", async () => {
    const text = `// ours\n{ "name": "shop", /* x */ "stack": "heroku-22", "env": { "A": "two\nlines", }, # y\n  "stack": "heroku-24",, }\n# end\n`;
    const result = await importFiles({ ...base, "app.json": text });
    expect(result.app).toMatchObject({
      name: "shop",
      config: { A: "two\nlines" },
      build: { stack: { heroku: "heroku-24" } },
    });
    expect(result.notes.filter((note) => note.code === "mended")).toHaveLength(5);
    expect(
      result.sources.filter((source) => source.pointer === "/stack").map((source) => source.status),
    ).toEqual(["ignored", "carried"]);
  });

  it.each([
    ["", 1],
    ["{", 1],
    ['{\n"name": "x"\n', 3],
    ['{\n"a": 1\n"b": 2}', 3],
    ['{\n"a", 1}', 2],
    ['{\n"a: {\n "b": 1}', 2],
    ['{"a": nope}', 1],
    ['{"a": 007}', 1],
    ['{"a": "\\q"}', 1],
    ['{"a": 1} {', 1],
    [`${"[".repeat(5000)}`, 1],
  ])("%j is refused at its line", async (text, line) => {
    const [problem] = await problemsIn({ "app.json": text });
    expect(problem).toMatchObject({
      code: "bad-json",
      file: "app.json",
      line,
      suggestion: expect.any(String),
    });
  });
});

describe("another tool's app.json", () => {
  it.each([{ expo: {} }, { name: "x", displayName: "X" }, { pages: ["a"], window: {} }, { what: 1 }])(
    "%j is refused",
    async (content) => {
      const [problem] = await problemsIn({ "app.json": content });
      expect(problem?.code).toBe("foreign-file");
    },
  );

  it("is left alone where there is a Procfile", async () => {
    const result = await importFiles({ ...base, "app.json": { expo: { name: "x" } } });
    expect(result.app.processes.web?.command).toBe("node server.js");
    expect(statusOf(result, "/expo/name")).toBe("ignored");
  });
});
