import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { App, Role } from "../../src/app/schema.ts";
import { NotFoundError } from "../../src/base/errors.ts";
import type { JsonObject } from "../../src/base/json.ts";
import type { Platform, Rendered, SiteControl } from "../../src/platform/contract.ts";
import { ruleFor } from "../../src/platform/fidelity.ts";
import { PartialCreateError } from "../../src/platform/partial.ts";
import { fieldsOfSchema } from "./fields.ts";
import { openProxy } from "./proxy.ts";
import { type Archive, type SampleArchives, sampleApp, sampleArchives, sampleSecrets } from "./sample.ts";
import { DirectStack } from "./stack.ts";

/** A running local platform, and how a provider reaches it. */
export interface PlatformHarness {
  readonly platform: Platform;
  /** What a program would write as settings, without the app's name; checked by the suite with the platform's schema. */
  readonly settings: JsonObject;
  readonly connection: JsonObject;
  /** The same place with a credential that it doesn't take. */
  readonly rejected: JsonObject;
  /** Address of the API, and the connection with another address in its place. */
  readonly apiUrl: string;
  through(url: string): JsonObject;
  /** Where users come in. */
  readonly router: { readonly address: string; readonly port: number };
  close(): Promise<void>;
}

/**
 * What every platform must do, run against the real thing or a local one. Codes that callers rely on:
 * `name-taken` (create of an app whose name is in use), `build-failed` (cause of a PartialCreateError, the log's end in
 * its message), `credentials-rejected`, and NotFoundError for an app that isn't there.
 */
export function platformContract(title: string, open: () => Promise<PlatformHarness>): void {
  describe(`${title} as a platform`, () => {
    let harness: PlatformHarness;
    let archives: SampleArchives;
    let stack: DirectStack;
    let control: SiteControl;
    const app = sampleApp("contract");

    beforeAll(async () => {
      archives = await sampleArchives();
      harness = await open();
      stack = newStack();
      control = controlOf(app);
    });
    afterAll(async () => {
      await harness?.close();
      await archives?.remove();
    });

    const newStack = (connection = harness.connection): DirectStack =>
      new DirectStack(harness.platform, connection, sampleSecrets);
    const settings = (): JsonObject => harness.platform.settings.parse(harness.settings);
    const render = (of: App, role: Role | "unknown" = "active", archive: Archive = archives.good): Rendered =>
      harness.platform.render(of, { name: "site", role, settings: settings(), archive });
    const controlOf = (of: App, connection = harness.connection): SiteControl =>
      harness.platform.connect(connection, { name: "site", app: of, settings: settings() });
    /** A user's request, past DNS. */
    const visit = (host: string, path = "/"): Promise<Visit> => visitAt(harness.router, host, path);
    const answers = async (host: string): Promise<Visit> => {
      for (;;) {
        const answer = await visit(host);
        if (answer.status === 200) return answer;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    };
    const observed = async (condition: (running: Readonly<Record<string, number>>) => boolean) => {
      for (;;) {
        const observation = await control.observe();
        const running = Object.entries(observation.processes).map(([name, seen]) => [name, seen.running]);
        if (condition(Object.fromEntries(running))) return observation;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    };

    describe("description", () => {
      it("has a rule for every field that the schema knows", () => {
        const uncovered = fieldsOfSchema().filter((field) => !ruleFor(harness.platform.capabilities, field));
        expect(uncovered).toEqual([]);
      });

      it("gives a reason for all that is not exact, and a way round for all that is dropped or manual", () => {
        const rules = Object.entries(harness.platform.capabilities.fields);
        const verdicts = rules.flatMap(([field, rule]) => [
          { field, ...rule },
          ...(rule.otherwise === undefined ? [] : [{ field: `${field} (otherwise)`, ...rule.otherwise }]),
        ]);
        const silent = verdicts.filter(
          ({ fidelity, reason, fallback }) =>
            (fidelity !== "exact" && !reason) || (["dropped", "manual"].includes(fidelity) && !fallback),
        );
        expect(silent.map(({ field }) => field)).toEqual([]);
      });

      it("renders the same text whatever the order of the description's keys", () => {
        const turned = reverseKeys(app);
        expect(JSON.stringify(render(turned))).toBe(JSON.stringify(render(app)));
      });

      it("renders unique names, and only types that it has handlers for", () => {
        const { resources } = render(app);
        expect(new Set(resources.map(({ name }) => name)).size).toBe(resources.length);
        const own = resources.filter(({ type }) => type.startsWith("understudy:"));
        expect(own.filter(({ type }) => harness.platform.resources[type] === undefined)).toEqual([]);
      });

      it("tells apart roles only in inputs that it says follow the role", () => {
        const active = render(app, "active").resources;
        const standby = render(app, "standby").resources;
        expect(standby.map(({ name }) => name)).toEqual(active.map(({ name }) => name));
        for (const [index, resource] of active.entries()) {
          const other = standby[index]?.inputs ?? {};
          const changed = Object.keys(resource.inputs).filter(
            (key) => JSON.stringify(resource.inputs[key]) !== JSON.stringify(other[key]),
          );
          expect(resource.roleInputs ?? []).toEqual(expect.arrayContaining(changed));
        }
        expect(render(app, "unknown").resources).toEqual(standby);
      });

      it("keeps secrets out of what it renders", () => {
        expect(JSON.stringify(render(app))).not.toContain(sampleSecrets.SAMPLE_TOKEN);
      });
    });

    describe("site", () => {
      it("stands up in one go and answers through the router", async () => {
        const changes = await stack.up(render(app));
        expect(changes.created).toEqual(expect.arrayContaining([...stack.kept.keys()]));
        const { body } = await answers("contract.example.com");
        expect(body).toMatchObject({ color: "green", token: sampleSecrets.SAMPLE_TOKEN });
        expect(body).toMatchObject({
          database: expect.stringMatching(/^postgres/),
          cache: expect.stringMatching(/^redis/),
        });
      });

      it("says where DNS must point", () => {
        const { traffic } = render(app);
        if (traffic === undefined || !("$output" in traffic))
          throw new Error("An app with a domain has no traffic target.");
        const target = stack.output(traffic.$output.resource, traffic.$output.property);
        expect(target).toMatchObject({
          type: expect.stringMatching(/^(A|AAAA|CNAME)$/),
          values: [expect.any(String)],
        });
      });

      it("changes nothing the second time", async () => {
        const changes = await stack.up(render(app));
        expect({ ...changes, same: [] }).toEqual({
          created: [],
          updated: [],
          replaced: [],
          deleted: [],
          same: [],
        });
      });

      it("reads back exactly what was written", async () => {
        for (const [name, kept] of stack.kept) {
          const reading = await stack.read(name);
          expect(reading, name).toEqual({ id: kept.id, inputs: kept.inputs, outputs: kept.outputs });
        }
      });

      it("reads each resource by its id alone, in a form that its own schema takes", async () => {
        for (const [name, kept] of stack.kept) {
          const reading = await stack.readById(name);
          expect(reading?.id, name).toBe(kept.id);
          const handler = stack.handler(kept.type);
          expect(() => handler.inputs.parse(reading?.inputs), name).not.toThrow();
          for (const key of handler.replaceOn)
            expect(reading?.inputs[key], `${name}.${key}`).toEqual(kept.inputs[key]);
        }
      });

      it("updates one resource when one config value changes", async () => {
        const changed = sampleApp("contract", { config: { COLOR: "blue" } });
        const changes = await stack.up(render(changed));
        expect({ ...changes, same: [] }).toMatchObject({ created: [], replaced: [], deleted: [] });
        expect(changes.updated).toHaveLength(1);
        await seen(async () => (await visit("contract.example.com")).body.color === "blue");
      });

      it("puts back what someone else changed", async () => {
        await control.setConfig({ COLOR: "red" });
        const drifted = [...stack.kept.keys()];
        const changed: string[] = [];
        for (const name of drifted) {
          const reading = await stack.read(name);
          const kept = stack.kept.get(name);
          if (JSON.stringify(reading?.inputs) !== JSON.stringify(kept?.inputs)) changed.push(name);
        }
        expect(changed).toHaveLength(1);
        await control.setConfig({ COLOR: "blue" });
      });
    });

    describe("control", () => {
      it("observes processes, maintenance and the release", async () => {
        const observation = await observed((running) => running.web === 1 && running.worker === 1);
        expect(observation.maintenance).toBe(false);
        expect(observation.release).toEqual(expect.any(String));
        expect(observation.processes.web?.desired).toBe(1);
      });

      it("scales, and again without harm; other types stay", async () => {
        await control.scale({ worker: 0 });
        await control.scale({ worker: 0 });
        const observation = await observed((running) => running.worker === 0);
        expect(observation.processes.web?.desired).toBe(1);
        await control.scale({ worker: 1 });
        await observed((running) => running.worker === 1);
      });

      it("asks for nothing when a type that isn't there is to be stopped", async () => {
        await control.scale({ "no-such-type": 0 });
      });

      it("refuses to start a type that isn't there", async () => {
        await expect(control.scale({ "no-such-type": 1 })).rejects.toBeInstanceOf(NotFoundError);
      });

      it("serves the maintenance page while the processes keep running", async () => {
        await control.maintenance(true);
        await control.maintenance(true);
        expect((await visit("contract.example.com")).status).toBeGreaterThanOrEqual(500);
        expect((await control.observe()).maintenance).toBe(true);
        expect((await control.health()).healthy).toBe(false);
        await control.maintenance(false);
        await answers("contract.example.com");
        expect((await control.observe()).maintenance).toBe(false);
      });

      it("merges config, removes with null, and restarts the app with it", async () => {
        await control.setConfig({ COLOR: null });
        await seen(async () => (await visit("contract.example.com")).body.color === null);
        await control.setConfig({ COLOR: "blue" });
        await seen(async () => (await visit("contract.example.com")).body.color === "blue");
      });

      it("restarts", async () => {
        const before = (await answers("contract.example.com")).body.pid;
        await control.restart();
        await seen(async () => {
          const { status, body } = await visit("contract.example.com");
          return status === 200 && body.pid !== before;
        });
      });

      it("runs a command in the app's environment and tells its exit code", async () => {
        const result = await control.run('echo "color is $COLOR"; exit 7', { timeoutMs: 60_000 });
        expect(result.exitCode).toBe(7);
        expect(result.output).toContain("color is blue");
      });

      it("stops waiting when its signal is aborted", async () => {
        const abort = new AbortController();
        const reason = new Error("enough");
        const running = control.run("sleep 20", { signal: abort.signal });
        setTimeout(() => abort.abort(reason), 300);
        await expect(running).rejects.toBe(reason);
      });

      it("gives the last log lines, oldest first", async () => {
        await visit("contract.example.com", "/mark-in-the-log");
        await seen(async () => {
          const lines = await control.logs(100);
          return lines.some(
            ({ text, source }) => text.includes("answering /mark-in-the-log") && /web/i.test(source),
          );
        });
        const times = (await control.logs(100)).map(({ time }) => Date.parse(time));
        expect(times).toEqual(times.toSorted((a, b) => a - b));
        expect((await control.logs(2)).length).toBeLessThanOrEqual(2);
      });

      it("asks the app for its health past DNS, as users would", async () => {
        await answers("contract.example.com");
        const health = await control.health();
        expect(health).toEqual({ healthy: true, detail: expect.stringContaining("200") });
      });

      it("tells a service's URL", async () => {
        expect(await control.serviceUrl("database")).toMatch(/^postgres(ql)?:\/\//);
        expect(await control.serviceUrl("cache")).toMatch(/^rediss?:\/\//);
        await expect(control.serviceUrl("no-such-service")).rejects.toBeInstanceOf(NotFoundError);
      });
    });

    describe("standby", () => {
      it("keeps web warm, runs no worker and no release command, and starts them when it becomes active", async () => {
        const other = sampleApp("contract-standby");
        const standby = newStack();
        await standby.up(render(other, "standby"));
        await answers("contract-standby.example.com");
        const otherControl = controlOf(other);
        const { processes } = await otherControl.observe();
        expect(processes.web?.desired).toBe(1);
        expect(processes.worker?.desired ?? 0).toBe(0);
        const releases = async () =>
          (await otherControl.logs(1000)).filter(({ text }) => text.includes("release phase ran")).length;
        expect(await releases()).toBe(0);
        const changes = await standby.up(render(other, "active"));
        expect(changes.created).toEqual([]);
        expect(changes.replaced).toEqual([]);
        await seen(async () => (await otherControl.observe()).processes.worker?.running === 1);
        await standby.destroy();
      });
    });

    describe("trouble", () => {
      it("survives answers lost on the way, without making anything twice", async () => {
        const proxy = await openProxy(harness.apiUrl);
        const lost = new Set<string>();
        proxy.misfortune = ({ method, path }) => {
          const key = `${method} ${path.split("?")[0]}`;
          if (method === "GET" || lost.has(key)) return { kind: "pass" };
          lost.add(key);
          return { kind: "lose-answer" };
        };
        try {
          const unlucky = sampleApp("contract-unlucky");
          const through = newStack(harness.through(proxy.url));
          await through.up(render(unlucky));
          expect(lost.size).toBeGreaterThan(0);
          await answers("contract-unlucky.example.com");
          for (const [name, kept] of through.kept) {
            expect((await through.read(name))?.inputs, name).toEqual(kept.inputs);
          }
          await through.destroy();
          expect((await visit("contract-unlucky.example.com")).status).not.toBe(200);
        } finally {
          await proxy.close();
        }
      });

      it("tries again after 503 and 429, and waits as long as it is asked to", async () => {
        const proxy = await openProxy(harness.apiUrl);
        let refusals = 0;
        proxy.misfortune = ({ path }) => {
          if (!/apps/.test(path) || refusals >= 2) return { kind: "pass" };
          refusals++;
          return refusals === 1
            ? { kind: "answer", status: 503 }
            : { kind: "answer", status: 429, headers: { "retry-after": "1" } };
        };
        try {
          const observation = await controlOf(app, harness.through(proxy.url)).observe();
          expect(observation.processes.web?.desired).toBe(1);
          expect(refusals).toBe(2);
        } finally {
          await proxy.close();
        }
      });

      it("keeps what was made when the build fails, shows the log's end, and goes on from there", async () => {
        const failing = sampleApp("contract-failing", { services: {} });
        const half = newStack();
        const failure = await half
          .up(render(failing, "active", archives.broken))
          .catch((error: unknown) => error);
        expect(failure).toBeInstanceOf(PartialCreateError);
        const { cause } = failure as PartialCreateError;
        expect(cause).toMatchObject({
          code: "build-failed",
          message: expect.stringMatching(/missing\.tgz|npm/),
        });
        await half.up(render(failing));
        await answers("contract-failing.example.com");
        await half.destroy();
      });

      it("says that a name is taken", async () => {
        const again = newStack().up(render(app));
        await expect(again).rejects.toMatchObject({ code: "name-taken", suggestion: expect.any(String) });
      });

      it("says that credentials are rejected, and what to do", async () => {
        const rejected = controlOf(app, harness.rejected);
        const expected = { code: "credentials-rejected", suggestion: expect.any(String) };
        await expect(rejected.observe()).rejects.toMatchObject(expected);
        await expect(
          newStack(harness.rejected).up(render(sampleApp("contract-rejected"))),
        ).rejects.toMatchObject(expected);
      });

      it("says that an app isn't there", async () => {
        const nobody = controlOf(sampleApp("contract-nobody"));
        await expect(nobody.observe()).rejects.toBeInstanceOf(NotFoundError);
      });

      it("says that an API can't be reached, as an error that is worth a retry", async () => {
        const proxy = await openProxy(harness.apiUrl);
        await proxy.close();
        const unreachable = controlOf(app, harness.through(proxy.url));
        await expect(unreachable.observe({ timeoutMs: 2_000 })).rejects.toMatchObject({
          code: "http-unreachable",
        });
      });
    });

    describe("end", () => {
      it("deletes what it made, in reverse, and leaves nothing", async () => {
        const made = new Map(stack.kept);
        await stack.destroy();
        for (const [name, kept] of made) {
          const handler = stack.handler(kept.type);
          expect(await handler.read(stack.context(), kept.id, kept), name).toBeUndefined();
        }
        expect((await visit("contract.example.com")).status).not.toBe(200);
      });

      it("takes what is gone already as deleted", async () => {
        const gone = newStack();
        const small = sampleApp("contract-gone", { services: {} });
        await gone.up(render(small));
        const made = [...gone.kept.entries()].reverse();
        await gone.destroy();
        for (const [, kept] of made) await gone.handler(kept.type).delete(gone.context(), kept);
      });
    });
  });
}

interface Visit {
  readonly status: number;
  readonly body: JsonObject;
}

function visitAt(router: PlatformHarness["router"], host: string, path: string): Promise<Visit> {
  return new Promise((resolve, reject) => {
    const options = { host: router.address, port: router.port, path, headers: { host }, agent: false };
    const sent = request(options, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.on("end", () => {
        const json = response.headers["content-type"]?.includes("json") === true;
        resolve({ status: response.statusCode ?? 0, body: json ? (JSON.parse(text) as JsonObject) : {} });
      });
    });
    sent.on("error", reject).end();
  });
}

/** Waits until something holds; the suite's own time limit is the end of it. */
async function seen(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 50));
}

function reverseKeys<T>(value: T): T {
  if (Array.isArray(value) || typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, item]) => [key, reverseKeys(item)]),
  ) as T;
}
