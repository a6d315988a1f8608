import type { z } from "zod";
import type { App, Role } from "../app/schema.ts";
import type { Json, JsonObject } from "../base/json.ts";
import type { Capabilities, FieldFidelity } from "./fidelity.ts";
import type { ResourceHandler } from "./handler.ts";

/**
 * What a provider is to the rest of Understudy. `Settings` says where on the platform a site stands and holds no
 * secret; `Connection` is what a client needs to reach it and may hold secrets.
 */
export interface Platform<
  Settings extends JsonObject = JsonObject,
  Connection extends JsonObject = JsonObject,
> {
  /** As in commands and settings, e.g. `heroku`. */
  readonly name: string;
  /** As people read it, e.g. `Heroku`. */
  readonly title: string;
  /** Checks the non-secret settings of a site, e.g. `{app, region}`; every field has a default or is derived from the app's name. */
  readonly settings: z.ZodType<Settings>;
  /** Checks what a client needs, e.g. `{url, token}`. */
  readonly connection: z.ZodType<Connection>;
  /** What of the connection an owner has to set, in that order: the usual way in, where there are several. */
  readonly access: Readonly<Record<string, "plain" | "secret">>;
  readonly capabilities: Capabilities;
  /** Pure: the same app and site give the same, sorted result; no I/O. */
  render(app: App, site: SiteSpec<Settings>): Rendered;
  /** For the failover plane: needs nothing but the connection. Opens nothing until the first call. */
  connect(connection: Connection, site: ControlledSite<Settings>): SiteControl;
  /** The handlers that the Pulumi plugin serves, by type token (`understudy:heroku:App`). */
  readonly resources: Readonly<Record<string, ResourceHandler<Connection>>>;
  /** The Pulumi package of those rendered resources that are not of the package `understudy`. */
  readonly package?: PulumiPackage<Connection>;
  /** The app's description taken from what runs on the platform. */
  observeApp?(connection: Connection, name: string): Promise<JsonObject>;
}

/** A package of someone else's that carries out resources of a platform, such as `kubernetes`. */
export interface PulumiPackage<Connection extends JsonObject = JsonObject> {
  /** Resources whose type begins with it and a colon are its. */
  readonly name: string;
  /** Of the plugin that the programs are written for; Pulumi's CLI fetches just this one. */
  readonly version: string;
  /** What the package's provider resource is given, made of the connection; kept secret as a whole. */
  config(connection: Connection): JsonObject;
  /** The keys of such a configuration, all of which have a value. */
  readonly configKeys: readonly string[];
  /** Those of the keys whose change means another place, where everything has to be made anew. */
  readonly placeKeys: readonly string[];
  /** The connection that such a configuration stands for. Throws InputError for one that stands for none. */
  connection(config: JsonObject): Connection;
  /** Stands in for the package's plugin where that isn't installed; undefined for a type that it does not know. */
  handler(token: string): ResourceHandler<Connection> | undefined;
}

/** A site as the renderer sees it. */
export interface SiteSpec<Settings extends JsonObject = JsonObject> {
  /** e.g. `primary`. */
  readonly name: string;
  /** `unknown` when the ledger could not be read: fields that depend on the role are then left as they are. */
  readonly role: Role | "unknown";
  readonly settings: Settings;
  /**
   * The source as one archive, made by src/site before rendering, when the app's source is a path: a gzip'd tar on
   * this machine and the SHA-256 (hex) of its content. The hash alone decides whether a new build is due.
   */
  readonly archive?: { readonly path: string; readonly sha256: string };
}

/** A value known only when the program runs: another resource's output, or a secret of the stack. */
export type Reference =
  | { readonly $output: { readonly resource: string; readonly property: string } }
  | { readonly $secret: string };

/** JSON in which any value may be a {@link Reference}. */
export type InputValue = Json | Reference | readonly InputValue[] | { readonly [key: string]: InputValue };

/** Output `property` (dots go deeper) of another rendered resource of the same site, by its logical name; `id` is its id. */
export function outputOf(resource: string, property: string): Reference {
  return { $output: { resource, property } };
}

/** The stack secret of that name, one of `app.secrets`. */
export function secretOf(name: string): Reference {
  return { $secret: name };
}

/** One resource that Pulumi registers. */
export interface RenderedResource {
  /** `understudy:<platform>:<Type>`, or a type of another Pulumi package. */
  readonly type: string;
  /** Logical name, unique within the site, stable across renders, e.g. `formation`. */
  readonly name: string;
  readonly inputs: { readonly [key: string]: InputValue };
  /** Logical names of resources that must exist first, beyond those that the inputs refer to. */
  readonly dependsOn?: readonly string[];
  /**
   * Property paths of inputs that follow the role, e.g. `spec.replicas`. When the role is unknown Pulumi ignores
   * changes of them (and `render` gives the standby's values, for a first creation).
   */
  readonly roleInputs?: readonly string[];
  /** Outputs that are secrets. */
  readonly secretOutputs?: readonly string[];
  /** Longest time for create and update, seconds. @default 600 */
  readonly timeoutSeconds?: number;
  /** Holds data: deletion is refused unless the site is destroyed with `--force`. */
  readonly holdsData?: boolean;
}

/** A file that the platform's own tools take. */
export interface Artifact {
  /** Relative path, e.g. `manifest.yml`. */
  readonly path: string;
  readonly content: string;
}

/** The three views of one app on one platform. */
export interface Rendered {
  readonly resources: readonly RenderedResource[];
  readonly artifacts: readonly Artifact[];
  readonly fidelity: readonly FieldFidelity[];
  /** Logical name and property of the output that holds the site's {@link TrafficTarget}. */
  readonly traffic?: Reference;
}

/** What DNS must say to send users to a site. */
export interface TrafficTarget {
  readonly type: "A" | "AAAA" | "CNAME";
  /** Addresses, or one host name without a trailing dot. */
  readonly values: readonly string[];
}

/** A site as the failover plane knows it, from the kit. */
export interface ControlledSite<Settings extends JsonObject = JsonObject> {
  readonly name: string;
  readonly app: App;
  readonly settings: Settings;
}

/** One process type as it runs now. */
export interface ProcessObservation {
  readonly desired: number;
  readonly running: number;
}

export interface SiteObservation {
  readonly processes: Readonly<Record<string, ProcessObservation>>;
  readonly maintenance: boolean;
  /** The platform's name of what runs now, e.g. `v12`; undefined when nothing was released yet. */
  readonly release: string | undefined;
}

export interface HealthObservation {
  readonly healthy: boolean;
  /** What was seen, for a person: `GET / answered 200 in 12 ms`. */
  readonly detail: string;
}

export interface CommandResult {
  readonly exitCode: number;
  readonly output: string;
}

export interface LogLine {
  /** RFC 3339. */
  readonly time: string;
  /** Process and instance, e.g. `web.1`. */
  readonly source: string;
  readonly text: string;
}

/** Every call has a deadline of its own and takes a signal besides; each may be repeated without harm. */
export interface CallOptions {
  readonly signal?: AbortSignal;
  /** @default 30_000 */
  readonly timeoutMs?: number;
}

/**
 * What the failover plane may ask of a running site. Failures worth a retry are `RetryableError`; a site that can't do
 * a thing says `UnsupportedError`.
 */
export interface SiteControl {
  observe(options?: CallOptions): Promise<SiteObservation>;
  /** Sets how many of each named process should run, and returns once that is accepted; types not named stay. */
  scale(counts: Readonly<Record<string, number>>, options?: CallOptions): Promise<void>;
  /** Merges; null removes. The app is restarted with it. */
  setConfig(changes: Readonly<Record<string, string | null>>, options?: CallOptions): Promise<void>;
  /** Stops or resumes serving users, with the platform's page meanwhile; processes keep running. */
  maintenance(on: boolean, options?: CallOptions): Promise<void>;
  /** Suspends or resumes the jobs of the schedule. Absent where the platform has no schedule of its own. */
  schedule?(on: boolean, options?: CallOptions): Promise<void>;
  /** Runs a shell line once in the app's environment. */
  run(command: string, options?: CallOptions): Promise<CommandResult>;
  restart(options?: CallOptions): Promise<void>;
  /** Asks the app itself, past DNS: a request with the app's host name to the site's own entrance. */
  health(options?: CallOptions): Promise<HealthObservation>;
  /** The URL (a secret) under which a backing service is reached now; read anew each time, since platforms rotate it. */
  serviceUrl(service: string, options?: CallOptions): Promise<string>;
  /** The last lines, oldest first. */
  logs(lines: number, options?: CallOptions): Promise<readonly LogLine[]>;
}
