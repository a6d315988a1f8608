/**
 * The runtime that both local platforms stand on: it really builds, runs, routes and stores. One runtime serves one
 * provider, in a process and a folder of its own, so that a provider can be lost whole. It knows nothing of either API;
 * a face (heroku/, cloudfoundry/) keeps its own model and tells the runtime what should be.
 */
export interface Runtime {
  readonly folder: string;
  readonly builder: Builder;
  readonly supervisor: Supervisor;
  readonly router: Router;
  readonly postgres: PostgresService;
  readonly redis: RedisService;
  readonly logs: Logs;
  readonly faults: Faults;
  /** The face's model, kept on disk; undefined before the first save. */
  load(): Promise<unknown>;
  /** Written whole or not at all; calls are joined, the last one wins. */
  save(model: unknown): Promise<void>;
  /** Ends every process that it started: apps by their grace, then Redis and Postgres. Files stay. */
  close(): Promise<void>;
}

/** What a build made: an unpacked, ready-to-run folder, never changed after. */
export interface Slug {
  readonly id: string;
  readonly folder: string;
  /** From the Procfile, else from what the language says (package.json's start script). */
  readonly processTypes: Readonly<Record<string, string>>;
  /** e.g. `heroku/nodejs`. */
  readonly buildpack: string;
  readonly sizeBytes: number;
}

export interface Builder {
  /**
   * Unpacks an archive (tgz or zip, told by its first bytes) and makes it ready: `npm ci` where there is a lock file with
   * dependencies, `pip install` into a folder of its own, or nothing. Says what it does line by line.
   * Throws `UnderstudyError` with code `build-failed`; the log's end is in the message.
   */
  build(
    archive: Uint8Array,
    options: { readonly env: Env; readonly onOutput: (line: string) => void },
  ): Promise<Slug>;
  get(id: string): Promise<Slug | undefined>;
  remove(id: string): Promise<void>;
}

export type Env = Readonly<Record<string, string>>;

export type HealthCheck =
  | { readonly type: "process" }
  | { readonly type: "port"; readonly startTimeoutSeconds: number }
  | {
      readonly type: "http";
      readonly path: string;
      readonly startTimeoutSeconds: number;
      readonly intervalSeconds: number;
    };

export interface ProcessSpec {
  /** A shell line, run by `bash -c` in the slug's folder (a private copy: what an instance writes is lost with it). */
  readonly command: string;
  readonly quantity: number;
  readonly health: HealthCheck;
}

/** What should run for one app. */
export interface AppSpec {
  readonly slug: string;
  readonly env: Env;
  readonly processes: Readonly<Record<string, ProcessSpec>>;
}

export type InstanceState = "starting" | "up" | "crashed" | "stopping";

export interface Instance {
  readonly app: string;
  readonly type: string;
  /** 0-based. */
  readonly index: number;
  readonly id: string;
  readonly state: InstanceState;
  /** Milliseconds since 1970 of the last change of state. */
  readonly since: number;
  readonly port: number;
}

/** A command that runs once, beside the app's processes. */
export interface OneOff {
  readonly id: string;
  /** Settles when it has ended; null = ended by a signal. */
  readonly done: Promise<{ readonly exitCode: number | null; readonly output: string }>;
  stop(): void;
}

export interface Supervisor {
  /**
   * Makes it so, and returns once it is accepted (the work goes on behind). Instances whose slug, env and command are as
   * before stay. `recreate` stops the old ones first; `rolling` starts each new one, waits until it is up, then stops an old one.
   */
  apply(app: string, spec: AppSpec, strategy: "recreate" | "rolling"): Promise<void>;
  /** Settles when what was applied last is up, or throws `start-failed` with the reason and the log's end. */
  settled(app: string, signal?: AbortSignal): Promise<void>;
  /** Restarts instances of an app, of one type, or one. */
  restart(app: string, which?: { readonly type: string; readonly index?: number }): Promise<void>;
  /** Stops everything of an app and forgets it. */
  remove(app: string): Promise<void>;
  instances(app: string): readonly Instance[];
  runOnce(
    app: string,
    job: {
      readonly name: string;
      readonly slug: string;
      readonly command: string;
      readonly env: Env;
      /** @default undefined: none */
      readonly timeoutMs?: number;
      readonly onOutput?: (text: string) => void;
      readonly input?: AsyncIterable<Uint8Array>;
    },
  ): OneOff;
}

/** What differs between the platforms at run time, given once when the runtime is made. */
export interface RuntimeFlavour {
  /** Loopback address on which the router listens, e.g. `127.0.10.1`, so that both sides can have the same port. */
  readonly address: string;
  readonly routerPort: number;
  /** Added for each instance, e.g. DYNO or CF_INSTANCE_INDEX. */
  instanceEnv(instance: {
    readonly app: string;
    readonly type: string;
    readonly index: number;
    readonly port: number;
  }): Env;
  /** Milliseconds between SIGTERM and SIGKILL: 30_000 on Heroku, 10_000 on Cloud Foundry. */
  readonly stopGraceMs: number;
  /** Name of an instance in logs, e.g. `app[web.1]`, `APP/PROC/WEB/0`. */
  sourceName(type: string, index: number): string;
  /** Request headers that the router adds (X-Forwarded-*, X-Request-Start and Via are the router's own doing). */
  readonly via: string | undefined;
  /** Milliseconds to the first byte of an answer: 30_000 on Heroku, 900_000 on Cloud Foundry. */
  readonly firstByteMs: number;
  /** The answer where the router has none of its own to give. */
  errorPage(
    kind: RouterErrorKind,
    host: string,
  ): { readonly status: number; readonly headers: Env; readonly body: string };
  /** App name and process id of a line as drains get it (RFC 5424). @default from the source: `app[web.1]` gives `app`, `web.1` */
  syslogName?(entry: LogEntry): { readonly appName: string; readonly processId: string };
  /** The router's line for one request, in the platform's words. */
  accessLine(request: RoutedRequest): string;
}

export type RouterErrorKind =
  | "unknown-host"
  | "no-instances"
  | "starting"
  | "crashed"
  | "refused"
  | "connect-timeout"
  | "first-byte-timeout"
  | "closed"
  | "maintenance"
  | "platform-error";

export interface RoutedRequest {
  readonly app: string | undefined;
  readonly method: string;
  readonly path: string;
  readonly host: string;
  readonly requestId: string;
  readonly forwardedFor: string;
  readonly instance: { readonly type: string; readonly index: number } | undefined;
  readonly connectMs: number;
  readonly serviceMs: number;
  readonly status: number;
  readonly bytes: number;
  readonly error: RouterErrorKind | undefined;
}

export interface Router {
  readonly address: string;
  readonly port: number;
  /** Sends a host (and the longest matching path) to a process type of an app; `*.` hosts are allowed. */
  route(host: string, target: { readonly app: string; readonly type: string; readonly path?: string }): void;
  unroute(host: string, path?: string): void;
  maintenance(app: string, on: boolean): void;
}

/** A database with a user of its own. The owner has no SUPERUSER, CREATEROLE, CREATEDB or REPLICATION. */
export interface Database {
  readonly id: string;
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string;
}

export interface PostgresService {
  create(id: string): Promise<Database>;
  get(id: string): Promise<Database | undefined>;
  /** New user and password, old sessions ended; gives the new ones. The owner of all objects stays the same role. */
  rotate(id: string): Promise<Database>;
  drop(id: string): Promise<void>;
}

export interface RedisInstance {
  readonly id: string;
  readonly host: string;
  readonly port: number;
  readonly password: string;
}

export interface RedisService {
  create(id: string): Promise<RedisInstance>;
  get(id: string): Promise<RedisInstance | undefined>;
  drop(id: string): Promise<void>;
}

/** One log line. */
export interface LogEntry {
  /** Milliseconds since 1970. */
  readonly time: number;
  /** `app`, `router` or `platform`. */
  readonly kind: "app" | "router" | "platform";
  readonly stream: "out" | "err";
  /** As {@link RuntimeFlavour.sourceName} gives it, e.g. `app[web.1]`. */
  readonly source: string;
  readonly type: string | undefined;
  readonly index: number | undefined;
  readonly text: string;
}

/** The last 1,500 lines of each app, and those to come. */
export interface Logs {
  append(app: string, entry: LogEntry): void;
  recent(app: string, lines: number): readonly LogEntry[];
  /** Gives back how to stop. */
  follow(app: string, listener: (entry: LogEntry) => void): () => void;
  /** Sends an app's lines to a drain (syslog:// over TCP, or https/http), octet-counted RFC 5424; gives back how to stop. */
  drain(app: string, url: string, token: string): () => void;
  forget(app: string): void;
}

/** What is made to fail on purpose. */
export interface FaultState {
  /** `all`: nothing answers (connections are reset); `control`: only the API; `routing`: only the router; `database`: Postgres and Redis stopped. */
  readonly down: readonly ("all" | "control" | "routing" | "database")[];
  /** Added to each API and router answer, milliseconds. */
  readonly slowMs: number;
  /** Share of API calls and requests that fail with 503, 0 to 1. */
  readonly errorRate: number;
}

export interface Faults {
  readonly state: FaultState;
  set(state: Partial<FaultState>): Promise<void>;
  /** For a face: awaits the slowness; `reset` = drop the connection, `error` = answer 503, `pass` = go on. */
  gate(part: "control" | "routing"): Promise<"pass" | "reset" | "error">;
}
