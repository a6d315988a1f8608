import { capabilities } from "../../../providers/kubernetes/capabilities.ts";
import { kubernetesDialect } from "../../../providers/kubernetes/dialect.ts";
import { renderIn } from "../../../providers/kubernetes/render.ts";
import { settingsSchema } from "../../../providers/kubernetes/settings.ts";
import { capabilities as openshiftCapabilities } from "../../../providers/openshift/capabilities.ts";
import { openshiftDialect } from "../../../providers/openshift/dialect.ts";
import { settingsSchema as openshiftSettings } from "../../../providers/openshift/settings.ts";
import { parseApp } from "../../../src/app/parse.ts";
import type { App, AppInput, Role } from "../../../src/app/schema.ts";
import { isJsonObject, type Json } from "../../../src/base/json.ts";
import type { Rendered, RenderedResource } from "../../../src/platform/contract.ts";

/** One app that has a bit of everything. */
export const everything: AppInput = {
  name: "everything",
  source: { path: "." },
  build: { buildpacks: ["heroku/nodejs"] },
  processes: {
    web: {
      command: "node web.js",
      http: {
        requestTimeoutSeconds: 60,
        health: { path: "/up", intervalSeconds: 7.5, timeoutSeconds: 2, graceSeconds: 120, failures: 4 },
      },
      scale: { count: 2, min: 2, max: 6, cpuPercent: 70 },
      size: { memoryMb: 1024, cpu: 0.5, diskMb: 2048 },
      stopGraceSeconds: 20,
    },
    admin: { command: "node admin.js", http: { public: false, port: 80 } },
    worker: {
      command: "node worker.js && true",
      scale: { count: 3 },
      size: { plan: { kubernetes: "250m:1Gi" } },
    },
    clock: { command: "node clock.js", singleton: true },
    both: { roles: ["active", "standby"] },
  },
  release: { command: "node migrate.js", timeoutSeconds: 600 },
  schedule: {
    nightly: {
      command: "node report.js",
      cron: "0 3 * * 5-7",
      timezone: "Europe/Berlin",
      timeoutSeconds: 900,
    },
  },
  services: {
    database: { type: "postgres", version: "16", env: ["DATABASE_URL", "READ_URL"], extensions: ["citext"] },
    cache: { type: "redis" },
    queue: { type: "rabbitmq", env: ["AMQP_URL"] },
  },
  config: { COLOR: "green" },
  secrets: {
    SESSION_KEY: { generate: true },
    MAIL_KEY: { required: false, description: "of the mail service" },
  },
  domains: ["www.example.com", "*.shop.example.com"],
  drains: [{ url: "syslog+tls://logs.example.com:6514" }, { url: "https://logs.example.com/in?x=1" }],
};

const archive = { path: "/tmp/source.tgz", sha256: "f".repeat(64) };
const image = { registry: "registry.example.com/team" };

interface Wish {
  readonly role?: Role | "unknown";
  readonly settings?: object;
}

export function onKubernetes(app: App | AppInput, { role = "active", settings = {} }: Wish = {}): Rendered {
  const spec = { name: "mirror", role, settings: settingsSchema.parse({ image, ...settings }), archive };
  return renderIn(kubernetesDialect, capabilities, parseApp(app), spec);
}

export function onOpenShift(app: App | AppInput, { role = "active", settings = {} }: Wish = {}): Rendered {
  const spec = { name: "mirror", role, settings: openshiftSettings.parse({ image, ...settings }), archive };
  return renderIn(openshiftDialect, openshiftCapabilities, parseApp(app), spec);
}

/** Inputs of a rendered resource. */
export function inputsOf({ resources }: Rendered, name: string): Readonly<Record<string, Json>> {
  const found = resources.find((resource) => resource.name === name);
  if (found === undefined) {
    throw new Error(`There is no '${name}' among ${resources.map((resource) => resource.name).join(", ")}.`);
  }
  return found.inputs as Readonly<Record<string, Json>>;
}

/** The value at a path of keys and indexes. */
export function at(value: unknown, ...path: readonly (string | number)[]): Json {
  const found = path.reduce<unknown>(
    (part, key) =>
      Array.isArray(part) ? part[Number(key)] : isJsonObject(part) ? part[String(key)] : undefined,
    value,
  );
  return found as Json;
}

/** `Kind name` of every object, and the type of what is none. */
export function lines(resources: readonly RenderedResource[]): readonly string[] {
  return resources.map(({ type, inputs }) =>
    type.startsWith("kubernetes:")
      ? `${type.slice("kubernetes:".length)} ${at(inputs, "metadata", "name")}`
      : type,
  );
}
