import { stringify } from "yaml";
import { z } from "zod";
import type { Deadline } from "../../../src/base/deadline.ts";
import type { JsonObject } from "../../../src/base/json.ts";
import type { Client } from "../api/client.ts";
import { appSchema, identified, processSchema } from "../api/wire.ts";
import { awaitQuiet, inTurn, rollOut } from "../deploy/rollout.ts";
import { define, type Operation } from "./define.ts";

const inputs = z.strictObject({
  /** Guid of the app. */
  app: z.string(),
  type: z.string().min(1),
  /** Null = what the buildpack or image starts for this type. */
  command: z.string().nullable().default(null),
  instances: z.int().nonnegative(),
  /** Null = the platform's default. */
  memoryMb: z.int().positive().nullable().default(null),
  diskMb: z.int().positive().nullable().default(null),
  health: z.strictObject({
    type: z.enum(["port", "process", "http"]),
    endpoint: z.string().nullable().default(null),
    /** Seconds that a start may take. */
    timeout: z.int().positive().nullable().default(null),
    /** Seconds that one answer may take. */
    invocationTimeout: z.int().positive().nullable().default(null),
    /** Seconds between two checks. */
    interval: z.int().positive().nullable().default(null),
  }),
});
type Inputs = z.output<typeof inputs>;

const pathOf = ({ app, type }: Pick<Inputs, "app" | "type">) =>
  `/v3/apps/${app}/processes/${encodeURIComponent(type)}`;

/**
 * Makes a process of an app that has no droplet yet: only a manifest can, and then the first start has it right at once.
 */
export async function ensureProcess(
  client: Client,
  process: Pick<Inputs, "app" | "type">,
  deadline: Deadline,
): Promise<void> {
  if ((await client.find(pathOf(process), identified, deadline)) !== undefined) return;
  const { name, relationships } = await client.get(`/v3/apps/${process.app}`, appSchema, deadline);
  const manifest = { applications: [{ name, processes: [{ type: process.type, instances: 0 }] }] };
  const path = `/v3/spaces/${relationships.space.data?.guid}/actions/apply_manifest`;
  await client.act(path, { yaml: stringify(manifest) }, deadline);
}

function settingsOf({ command, health }: Inputs): JsonObject {
  return {
    command,
    health_check: {
      type: health.type,
      data: {
        timeout: health.timeout,
        invocation_timeout: health.invocationTimeout,
        interval: health.interval,
        ...(health.type === "http" ? { endpoint: health.endpoint ?? "/" } : {}),
      },
    },
  };
}

/** Sizes and number of instances. */
function scaleOf({ instances, memoryMb, diskMb }: Inputs): JsonObject {
  return {
    instances,
    ...(memoryMb === null ? {} : { memory_in_mb: memoryMb }),
    ...(diskMb === null ? {} : { disk_in_mb: diskMb }),
  };
}

/** What needs a restart to show. */
const frozen = ({ command, memoryMb, diskMb, health }: Partial<Inputs>) =>
  JSON.stringify([command ?? null, memoryMb ?? null, diskMb ?? null, health ?? null]);

async function write({ client, deadline }: Operation, wanted: Inputs, restart: boolean): Promise<void> {
  await inTurn(client, wanted.app, async () => {
    await ensureProcess(client, wanted, deadline);
    if (wanted.type === "web") await awaitQuiet(client, wanted.app, deadline);
    if (restart) await client.patch(pathOf(wanted), settingsOf(wanted), identified, deadline);
    await client.act(`${pathOf(wanted)}/actions/scale`, { json: scaleOf(wanted) }, deadline);
  });
  if (restart) await rollOut(client, wanted.app, deadline);
}

/** One process type of an app. */
export const process = define({
  inputs,
  replaceOn: ["app", "type"],

  async create(operation, wanted) {
    await write(operation, wanted, true);
    return { id: `${wanted.app}/${wanted.type}`, outputs: {} };
  },

  async read({ client, deadline }, id, known) {
    const [app = "", ...rest] = id.split("/");
    const type = rest.join("/");
    const found = await client.find(pathOf({ app, type }), processSchema, deadline);
    if (found === undefined) return undefined;
    const { data, type: check } = found.health_check;
    const open = known?.inputs;
    const read: Inputs = {
      app,
      type,
      // What was left to the platform is no change when it has decided.
      command: open?.command === null ? null : found.command,
      instances: found.instances,
      memoryMb: open?.memoryMb === null ? null : found.memory_in_mb,
      diskMb: open?.diskMb === null ? null : found.disk_in_mb,
      health: {
        type: check === "http" || check === "port" ? check : "process",
        endpoint: check === "http" ? (data.endpoint ?? null) : null,
        timeout: data.timeout ?? null,
        invocationTimeout: data.invocation_timeout ?? null,
        interval: data.interval ?? null,
      },
    };
    return { inputs: read, outputs: {} };
  },

  async update(operation, current, wanted) {
    await write(operation, wanted, frozen(current.inputs) !== frozen(wanted));
    return {};
  },

  async delete({ client, deadline }, current) {
    const [app = "", ...rest] = current.id.split("/");
    const type = rest.join("/");
    const path = pathOf({ app, type });
    if ((await client.find(path, identified, deadline)) === undefined) return;
    await inTurn(client, app, async () => {
      if (type === "web") await awaitQuiet(client, app, deadline);
      await client.act(`${path}/actions/scale`, { json: { instances: 0 } }, deadline);
    });
  },
});
