import { z } from "zod";

/** Which side of a pair a site plays. Roles swap at a cutover; the sites' names never do. */
const roleSchema = z.enum(["active", "standby"]);
export type Role = z.output<typeof roleSchema>;

const envName = z
  .string()
  .regex(
    /^[A-Za-z_][A-Za-z0-9_]*$/,
    "must be letters, digits and _, not starting with a digit, e.g. DATABASE_URL",
  );

/** The widest name that every platform can make an object name of; providers slug it where theirs is narrower. */
const processName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/, {
  message: "must be 1 to 63 letters, digits, - or _, starting with a letter or digit, e.g. web",
});

const hostname = z
  .string()
  .max(253)
  .regex(
    /^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
    "must be a host name in lower case, e.g. www.example.com",
  );

/** A hint for one platform, by its name: a plan, a size. What the platform calls it, passed through. */
const hints = z.record(z.string(), z.string());

const sourceSchema = z
  .union([
    z.strictObject({ path: z.string().describe("Folder of the source, relative to this file.") }),
    z.strictObject({
      git: z.string(),
      ref: z.string().optional().describe("Branch, tag or commit. Default: the remote's HEAD."),
    }),
    z.strictObject({ image: z.string().describe("A container image, best by digest.") }),
  ])
  .describe("Where the app's code is: one of path, git or image.");

const buildSchema = z.strictObject({
  buildpacks: z.array(z.string()).optional().describe("In order; the last one gives the start commands."),
  dockerfile: z.string().optional(),
  context: z.string().optional().describe("Build context of the Dockerfile. Default: its folder."),
  args: z.record(z.string(), z.string()).optional(),
  stack: z
    .record(z.string(), z.string())
    .optional()
    .describe("Base image or stack, by platform, e.g. {heroku: heroku-24}."),
});

const healthSchema = z.strictObject({
  path: z.string().startsWith("/").default("/"),
  intervalSeconds: z.number().positive().default(10),
  timeoutSeconds: z.number().positive().default(5),
  graceSeconds: z.number().nonnegative().default(60).describe("How long a start may take."),
  failures: z.int().positive().default(3).describe("Failures in a row before a restart."),
});

const httpSchema = z.strictObject({
  port: z.int().min(1).max(65535).optional().describe("Default: the platform's choice, told by $PORT."),
  public: z.boolean().default(true),
  health: healthSchema.optional(),
  requestTimeoutSeconds: z.number().positive().optional(),
});

const scaleSchema = z.strictObject({
  count: z.int().nonnegative().default(1),
  min: z.int().nonnegative().optional(),
  max: z.int().positive().optional(),
  cpuPercent: z
    .int()
    .min(1)
    .max(100)
    .optional()
    .describe("Autoscale between min and max towards this CPU use."),
});

const sizeSchema = z.strictObject({
  memoryMb: z.int().positive().optional(),
  cpu: z.number().positive().optional().describe("Cores."),
  diskMb: z.int().positive().optional(),
  plan: hints.optional().describe("The platform's own size, by platform, e.g. {heroku: standard-1x}."),
});

const processSchema = z.strictObject({
  command: z
    .string()
    .min(1)
    .optional()
    .describe("Shell line. Default: what the image or buildpack starts for this type."),
  http: httpSchema
    .optional()
    .describe("Set for a process that serves HTTP. The process named web always does."),
  scale: scaleSchema.prefault({}),
  size: sizeSchema.prefault({}),
  stopGraceSeconds: z.number().nonnegative().default(30),
  roles: z
    .array(roleSchema)
    .nonempty()
    .optional()
    .describe("In which roles of its site it runs. Default: web in both, others only where active."),
  singleton: z.boolean().default(false).describe("Never two at once, e.g. a clock."),
});

const releaseSchema = z.strictObject({
  command: z.string().min(1).describe("Runs once before a new release takes over, where the site is active."),
  timeoutSeconds: z.int().positive().default(3600),
});

const jobSchema = z.strictObject({
  command: z.string().min(1),
  cron: z.string().describe("Five fields: minute hour day month weekday."),
  timezone: z.string().default("UTC"),
  overlap: z.enum(["allow", "forbid", "replace"]).default("forbid"),
  timeoutSeconds: z.int().positive().optional(),
});

/** How a backing service's data reaches the standby. */
const linkModeSchema = z.enum(["trigger", "logical", "snapshot", "shared", "rebuild", "none"]);
export type LinkMode = z.output<typeof linkModeSchema>;

const linkSchema = z.strictObject({
  mode: linkModeSchema.optional().describe("Default: trigger for postgres, none for anything else."),
  everySeconds: z
    .number()
    .positive()
    .optional()
    .describe("Interval of a snapshot; it is the RPO. Default: 3600."),
  withoutKey: z
    .enum(["refuse", "skip"])
    .default("refuse")
    .describe("What to do about tables without a primary key."),
  exclude: z
    .array(z.string())
    .default([])
    .describe("Tables, as schema.table, whose data stays on its own side."),
});

const serviceSchema = z.strictObject({
  type: z.string().min(1).describe("postgres, redis, or any other by its common name."),
  version: z.string().optional(),
  plan: hints.optional().describe("The platform's plan, by platform, e.g. {heroku: essential-0}."),
  env: z.array(envName).optional().describe("Names under which the app gets its URL, e.g. [DATABASE_URL]."),
  extensions: z.array(z.string()).default([]),
  options: z.record(z.string(), z.string()).default({}),
  link: linkSchema.prefault({}),
  rebuild: z.string().optional().describe("Command that fills it again from other data."),
});

const secretSchema = z.strictObject({
  description: z.string().optional(),
  required: z.boolean().default(true),
  generate: z
    .boolean()
    .default(false)
    .describe("Made once when the app is set up; the same value on all sites."),
});

const drainSchema = z.strictObject({
  url: z
    .string()
    .regex(/^(syslog|syslog\+tls|https):\/\//, "must be a syslog://, syslog+tls:// or https:// URL"),
});

const objectivesSchema = z.strictObject({
  rtoSeconds: z
    .number()
    .positive()
    .default(300)
    .describe("Longest time from an outage's decision to good answers."),
  rpoSeconds: z
    .number()
    .nonnegative()
    .default(60)
    .describe("Most data, in seconds of writes, that may be lost."),
});

/** The one schema: the TypeScript type, the YAML format and the published JSON Schema all come from it. */
export const appSchema = z.strictObject({
  version: z.literal(1).default(1),
  name: z.string().regex(/^[a-z][a-z0-9-]{0,28}[a-z0-9]$/, {
    message:
      "must be 2 to 30 lower-case letters, digits and -, starting with a letter and not ending with -, e.g. guestbook",
  }),
  source: sourceSchema.default({ path: "." }),
  build: buildSchema.prefault({}),
  processes: z.record(processName, processSchema).default({}),
  release: releaseSchema.optional(),
  setup: z
    .string()
    .optional()
    .describe("Runs once ever, when the first site is made; never again, never on the mirror."),
  schedule: z.record(processName, jobSchema).default({}),
  services: z.record(processName, serviceSchema).default({}),
  config: z.record(envName, z.string()).default({}),
  secrets: z.record(envName, secretSchema).default({}),
  domains: z.array(hostname).default([]),
  drains: z.array(drainSchema).default([]),
  objectives: objectivesSchema.prefault({}),
});

/** What a person writes: defaults may be left out. */
export type AppInput = z.input<typeof appSchema>;

type DeepReadonly<T> = T extends (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
    : T;

/** A checked description, complete with its defaults (see {@link parseApp}). */
export type App = DeepReadonly<z.output<typeof appSchema>>;
export type Process = App["processes"][string];
export type Job = App["schedule"][string];
export type Service = App["services"][string];
