import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { cloudfoundry } from "../../../providers/cloudfoundry/index.ts";
import { type AppInput, appSchema } from "../../../src/app/schema.ts";
import { applicationsOf } from "../../../src/local/cloudfoundry/manifest-schema.ts";

const everything: AppInput = {
  name: "everything",
  source: { path: "." },
  build: { buildpacks: ["nodejs_buildpack"], stack: { cloudfoundry: "cflinuxfs4", heroku: "heroku-24" } },
  processes: {
    web: {
      command: "node web.js",
      http: {
        port: 3000,
        requestTimeoutSeconds: 60,
        health: { path: "/up", intervalSeconds: 7.5, timeoutSeconds: 2, graceSeconds: 300, failures: 3 },
      },
      scale: { count: 2, min: 2, max: 6, cpuPercent: 70 },
      size: { memoryMb: 512, cpu: 1, diskMb: 4096 },
      stopGraceSeconds: 30,
    },
    admin: { command: "node admin.js", http: { public: false }, size: { plan: { cloudfoundry: "1G" } } },
    worker: { command: "node worker.js", scale: { count: 3 }, stopGraceSeconds: 10 },
    clock: { command: "node clock.js", singleton: true, roles: ["active"] },
    both: { roles: ["active", "standby"] },
  },
  release: { command: "node migrate.js it's", timeoutSeconds: 600 },
  setup: "node seed.js",
  schedule: { nightly: { command: "node report.js", cron: "0 3 * * *", timezone: "Europe/Berlin" } },
  services: {
    database: {
      type: "postgres",
      version: "15",
      env: ["DATABASE_URL", "READ_URL"],
      extensions: ["citext"],
      plan: { cloudfoundry: "postgresql:small" },
      link: { mode: "logical" },
    },
    cache: { type: "redis", options: { maxmemory: "allkeys-lru" } },
    queue: { type: "rabbitmq", rebuild: "node refill.js" },
  },
  config: { COLOR: "green", PORT: "8080" },
  secrets: { SESSION_KEY: { generate: true } },
  domains: ["www.example.com", "*.shop.example.com"],
  drains: [{ url: "syslog+tls://logs.example.com:6514" }, { url: "https://logs.example.com/in" }],
};

const app = appSchema.parse(everything);
const site = (role: "active" | "standby" | "unknown", settings = {}) => ({
  name: "mirror",
  role,
  settings: cloudfoundry.settings.parse(settings),
  archive: { path: "/tmp/source.tgz", sha256: "f".repeat(64) },
});

describe("render", () => {
  it("gives an app with everything its resources", () => {
    expect(cloudfoundry.render(app, site("active")).resources).toMatchSnapshot();
  });

  it("says of every field how it is carried", () => {
    const lines = cloudfoundry
      .render(app, site("active"))
      .fidelity.map(({ field, fidelity, fallback = "" }) => `${fidelity} ${field}: ${fallback}`);
    expect(lines.filter((line) => !line.startsWith("exact "))).toMatchSnapshot();
  });

  it("writes a manifest and a Procfile", () => {
    const { artifacts } = cloudfoundry.render(app, site("standby", { appsDomain: "apps.example.net" }));
    expect(artifacts.map(({ path, content }) => `${path}\n${content}`).join("\n")).toMatchSnapshot();
  });

  it("writes a manifest that Cloud Foundry takes", () => {
    const { artifacts } = cloudfoundry.render(app, site("active"));
    const [application] = applicationsOf(parse(artifacts[0]?.content ?? ""));
    expect(application?.processes?.map(({ type, instances }) => [type, instances])).toEqual([
      ["admin", 1],
      ["both", 1],
      ["clock", 1],
      ["web", 2],
      ["worker", 3],
    ]);
  });

  it("lets the settings name everything", () => {
    const settings = {
      organization: "org",
      space: "space",
      app: "other-name",
      hostname: "front",
      appsDomain: "apps.example.net",
      traffic: { type: "A", values: ["192.0.2.1"] },
    };
    const { resources } = cloudfoundry.render(app, site("active", settings));
    const inputs = (name: string) => resources.find((resource) => resource.name === name)?.inputs;
    expect(inputs("app")).toMatchObject({ organization: "org", space: "space", name: "other-name" });
    expect(inputs("route")).toMatchObject({
      domain: "apps.example.net",
      host: "front",
      traffic: { type: "A", values: ["192.0.2.1"] },
    });
    expect(inputs("service-cache")).toMatchObject({ name: "other-name-cache" });
  });

  it("gives an app without public processes no route, and a container image no buildpacks", () => {
    const { resources, traffic, artifacts } = cloudfoundry.render(
      appSchema.parse({
        name: "quiet",
        source: { image: "example/app@sha256:00" },
        processes: { worker: {} },
      }),
      site("active"),
    );
    expect(resources.map(({ name }) => name)).toEqual(["app", "environment", "process-worker", "release"]);
    expect(traffic).toBeUndefined();
    expect(parse(artifacts[0]?.content ?? "").applications[0]).toMatchObject({
      "no-route": true,
      docker: { image: "example/app@sha256:00" },
    });
  });

  it("says how to make a set of given credentials, and keeps a foundation's own buildpack", () => {
    const app = appSchema.parse({
      name: "shop",
      build: { buildpacks: ["java_buildpack_offline"] },
      processes: { web: { command: "java -jar shop.jar" } },
      services: { ledger: { type: "user-provided" } },
    });
    const site = { name: "mirror", role: "active", settings: cloudfoundry.settings.parse({}) } as const;
    const { artifacts } = cloudfoundry.render(app, site);
    const text = artifacts.find(({ path }) => path === "manifest.yml")?.content ?? "";
    expect(text).toContain("cf create-user-provided-service shop-ledger -p CREDENTIALS.json");
    expect(text).toContain("- java_buildpack_offline");
  });

  it("makes no URL of an only database, which the platform makes itself, but of two it does", () => {
    const secretsOf = (services: AppInput["services"]) => {
      const { resources } = cloudfoundry.render(appSchema.parse({ ...everything, services }), site("active"));
      return Object.keys(resources.find(({ name }) => name === "environment")?.inputs.secrets ?? {});
    };
    const one = { type: "postgres", env: ["DATABASE_URL"] };
    expect(secretsOf({ database: one })).toEqual(["SESSION_KEY"]);
    expect(secretsOf({ database: one, other: { type: "mysql" } })).toEqual([
      "DATABASE_URL",
      "OTHER_URL",
      "SESSION_KEY",
    ]);
  });
});
