import type { Json } from "../../base/json.ts";

/** What every object of the API has. */
export interface Resource {
  readonly guid: string;
  readonly createdAt: string;
  updatedAt: string;
  labels: Readonly<Record<string, string>>;
  annotations: Readonly<Record<string, string>>;
}

export interface Organization extends Resource {
  name: string;
}

export interface Space extends Resource {
  name: string;
  readonly organization: string;
}

export interface Domain extends Resource {
  readonly name: string;
  readonly internal: boolean;
  /** Owner of a private domain; undefined = shared with everyone. */
  readonly organization: string | undefined;
}

export type Env = Readonly<Record<string, string>>;

interface Lifecycle {
  readonly type: "buildpack" | "docker" | "cnb";
  readonly data: { readonly buildpacks: readonly string[]; readonly stack: string | null };
}

export interface App extends Resource {
  name: string;
  readonly space: string;
  state: "STARTED" | "STOPPED";
  lifecycle: Lifecycle;
  environment: Env;
  droplet: string | undefined;
  features: Readonly<Record<string, boolean>>;
  tasks: number;
  /** What its instances were started with: a change of environment, droplet or command shows only after the next start. */
  running: Started | undefined;
}

export interface Started {
  readonly droplet: string;
  readonly env: Env;
  /** By process type; a type without a command can't run and is left out. */
  readonly processes: Readonly<
    Record<string, { readonly command: string; readonly memoryMb: number; readonly healthCheck: HealthCheck }>
  >;
}

export interface HealthCheck {
  readonly type: "port" | "process" | "http";
  readonly data: {
    readonly timeout: number | null;
    readonly invocation_timeout: number | null;
    readonly interval: number | null;
    readonly endpoint?: string | null;
  };
}

export interface Process extends Resource {
  readonly app: string;
  readonly type: string;
  /** As set by a user; undefined = the droplet's. */
  command: string | undefined;
  instances: number;
  memoryMb: number;
  diskMb: number;
  logRate: number;
  healthCheck: HealthCheck;
  readinessHealthCheck: HealthCheck;
}

export interface Package extends Resource {
  readonly app: string;
  readonly type: "bits" | "docker";
  state: "AWAITING_UPLOAD" | "PROCESSING_UPLOAD" | "READY" | "FAILED";
  readonly image: string | undefined;
  checksum: string | undefined;
  error: string | undefined;
}

export interface Build extends Resource {
  readonly app: string;
  readonly package: string;
  readonly lifecycle: Lifecycle;
  state: "STAGING" | "STAGED" | "FAILED";
  error: string | undefined;
  droplet: string | undefined;
}

export interface Droplet extends Resource {
  readonly app: string;
  readonly package: string;
  readonly processTypes: Readonly<Record<string, string>>;
  readonly buildpack: string;
  readonly stack: string;
  readonly slug: string;
  readonly sizeBytes: number;
}

export interface Deployment extends Resource {
  readonly app: string;
  readonly strategy: "rolling" | "canary";
  readonly droplet: string;
  readonly previousDroplet: string | undefined;
  readonly newProcess: string;
  readonly oldProcess: string;
  /** Runtime ids of the instances that it replaces. */
  readonly oldInstances: readonly string[];
  /** What ran before, for a cancellation. */
  readonly previous: Started | undefined;
  readonly maxInFlight: number;
  value: "ACTIVE" | "FINALIZED";
  reason: "DEPLOYING" | "CANCELING" | "DEPLOYED" | "CANCELED" | "SUPERSEDED";
  statusChangedAt: string;
}

export interface Task extends Resource {
  readonly app: string;
  readonly droplet: string;
  readonly name: string;
  readonly command: string;
  readonly sequenceId: number;
  readonly memoryMb: number;
  readonly diskMb: number;
  state: "PENDING" | "RUNNING" | "SUCCEEDED" | "CANCELING" | "FAILED";
  failureReason: string | undefined;
}

export interface Destination {
  readonly guid: string;
  readonly app: string;
  readonly processType: string;
  readonly port: number;
  readonly protocol: "http1" | "http2";
  readonly weight: number | null;
}

export interface Route extends Resource {
  readonly space: string;
  readonly domain: string;
  readonly host: string;
  readonly path: string;
  destinations: readonly Destination[];
}

export interface Operation {
  readonly type: "create" | "update" | "delete";
  readonly state: "initial" | "in progress" | "succeeded" | "failed";
  readonly description: string;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export interface ServiceInstance extends Resource {
  name: string;
  readonly space: string;
  readonly type: "managed" | "user-provided";
  /** Of a managed one. */
  plan: string | undefined;
  tags: readonly string[];
  readonly parameters: Json;
  /** Of a user-provided one. */
  credentials: Readonly<Record<string, Json>>;
  syslogDrainUrl: string | null;
  routeServiceUrl: string | null;
  lastOperation: Operation;
}

export interface Binding extends Resource {
  readonly type: "app" | "key";
  readonly name: string | null;
  readonly instance: string;
  readonly app: string | undefined;
  lastOperation: Operation;
}

export interface Job extends Resource {
  readonly operation: string;
  state: "PROCESSING" | "COMPLETE" | "FAILED";
  errors: readonly object[];
}

type Table<T> = Record<string, T>;

/** All that one Cloud Foundry knows. It is JSON, saved whole after each change. */
export interface Model {
  readonly version: 1;
  /** Signs the tokens. */
  readonly tokenKey: string;
  readonly organizations: Table<Organization>;
  readonly spaces: Table<Space>;
  readonly domains: Table<Domain>;
  readonly apps: Table<App>;
  readonly processes: Table<Process>;
  readonly packages: Table<Package>;
  readonly builds: Table<Build>;
  readonly droplets: Table<Droplet>;
  readonly deployments: Table<Deployment>;
  readonly tasks: Table<Task>;
  readonly routes: Table<Route>;
  readonly instances: Table<ServiceInstance>;
  readonly bindings: Table<Binding>;
  readonly jobs: Table<Job>;
}
