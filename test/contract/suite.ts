import { request } from "node:http";
import { afterAll, beforeAll } from "vitest";
import type { App, Role } from "../../src/app/schema.ts";
import type { JsonObject } from "../../src/base/json.ts";
import type { Platform, Rendered, SiteControl, SiteObservation } from "../../src/platform/contract.ts";
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
  /** Of the API, where it is no public one; PEM. */
  readonly apiCa?: string;
  /** Types of resources that are known rather than made: what they stand for is there also when they are deleted. */
  readonly lasting?: readonly string[];
  /** Logical names of the resources that a changed config value reaches. @default exactly one, whichever it is */
  readonly configReaches?: readonly string[];
  close(): Promise<void>;
}

/** What a user got for one request. */
export interface Visit {
  readonly status: number;
  /** Empty when the answer was no JSON. */
  readonly body: JsonObject;
}

interface Opened {
  readonly harness: PlatformHarness;
  readonly archives: SampleArchives;
  readonly stack: DirectStack;
}

/** What the parts of the contract share: one platform, and on it one site of the sample that they go through in order. */
export class Suite {
  readonly app = sampleApp("contract");
  #opened: Opened | undefined;

  constructor(open: () => Promise<PlatformHarness>) {
    beforeAll(async () => {
      const [archives, harness] = await Promise.all([sampleArchives(), open()]);
      const stack = new DirectStack(harness.platform, harness.connection, sampleSecrets);
      this.#opened = { harness, archives, stack };
    });
    afterAll(async () => {
      await this.#opened?.harness.close();
      await this.#opened?.archives.remove();
    });
  }

  get #parts(): Opened {
    if (this.#opened === undefined) throw new Error("The platform is not open yet.");
    return this.#opened;
  }

  get harness(): PlatformHarness {
    return this.#parts.harness;
  }

  get archives(): SampleArchives {
    return this.#parts.archives;
  }

  /** The stack of the site that all parts share. */
  get stack(): DirectStack {
    return this.#parts.stack;
  }

  get control(): SiteControl {
    return this.controlOf(this.app);
  }

  newStack(connection: JsonObject = this.harness.connection): DirectStack {
    return new DirectStack(this.harness.platform, connection, sampleSecrets);
  }

  render(app: App, role: Role | "unknown" = "active", archive: Archive = this.archives.good): Rendered {
    return this.harness.platform.render(app, { name: "site", role, settings: this.#settings(), archive });
  }

  controlOf(app: App, connection: JsonObject = this.harness.connection): SiteControl {
    return this.harness.platform.connect(connection, { name: "site", app, settings: this.#settings() });
  }

  #settings(): JsonObject {
    return this.harness.platform.settings.parse(this.harness.settings);
  }

  /** A user's request, past DNS. */
  visit(host: string, path = "/"): Promise<Visit> {
    const { address, port } = this.harness.router;
    return new Promise((resolve, reject) => {
      const options = { host: address, port, path, headers: { host }, agent: false };
      const sent = request(options, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
        });
        response.on("end", () => {
          const json = response.headers["content-type"]?.includes("json") === true;
          resolve({ status: response.statusCode ?? 0, body: json ? (JSON.parse(text) as JsonObject) : {} });
        });
      });
      sent.on("error", reject).end();
    });
  }

  /** The first good answer. */
  async answers(host: string): Promise<Visit> {
    return await until(async () => {
      const answer = await this.visit(host);
      return answer.status === 200 ? answer : undefined;
    });
  }

  /** What is observed once the running processes are as wished. */
  async observed(
    condition: (running: Readonly<Record<string, number>>) => boolean,
  ): Promise<SiteObservation> {
    return await until(async () => {
      const observation = await this.control.observe();
      const running = Object.entries(observation.processes).map(([name, seen]) => [name, seen.running]);
      return condition(Object.fromEntries(running)) ? observation : undefined;
    });
  }
}

/** Looks until there is a value that is not false or undefined; the suite's own time limit is the end of it. */
export async function until<T>(look: () => Promise<T | false | undefined>): Promise<T> {
  for (;;) {
    const seen = await look();
    if (seen !== false && seen !== undefined) return seen;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
