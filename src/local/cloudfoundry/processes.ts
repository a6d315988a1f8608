import { type Context, Hono } from "hono";
import { z } from "zod";
import { body } from "./body.ts";
import { type Cloud, find, found, link, toOne, touch } from "./cloud.ts";
import { activeDeployment } from "./deployment-model.ts";
import { unprocessable } from "./errors.ts";
import { by, list } from "./list.ts";
import { mergeMetadata, metadataSchema, presentHead, presentMetadata } from "./metadata.ts";
import type { HealthCheck, Process } from "./model.ts";
import { commandOf, processesOf } from "./process-model.ts";
import { stats } from "./stats.ts";

export const checkSchema = z.strictObject({
  type: z.enum(["port", "process", "http"]).optional(),
  data: z
    .strictObject({
      timeout: z.int().positive().nullable().optional(),
      invocation_timeout: z.int().positive().nullable().optional(),
      interval: z.int().positive().nullable().optional(),
      endpoint: z.string().startsWith("/").nullable().optional(),
    })
    .optional(),
});
const updateSchema = z.strictObject({
  command: z.string().min(1).max(4096).nullable().optional(),
  user: z.string().nullable().optional(),
  health_check: checkSchema.optional(),
  readiness_health_check: checkSchema.optional(),
  metadata: metadataSchema.optional(),
});
const megabytes = z.int().positive();
const scaleSchema = z.strictObject({
  instances: z.int().nonnegative().nullable().optional(),
  memory_in_mb: megabytes.nullable().optional(),
  disk_in_mb: megabytes.nullable().optional(),
  log_rate_limit_in_bytes_per_second: z.int().min(-1).nullable().optional(),
});

/** Another type of check starts from that type's defaults; the same type keeps what is not named. */
export function mergeCheck(old: HealthCheck, changes: z.output<typeof checkSchema> | undefined): HealthCheck {
  const type = changes?.type ?? old.type;
  const none: HealthCheck["data"] = { timeout: null, invocation_timeout: null, interval: null };
  const kept = type === old.type ? old.data : none;
  const data = {
    timeout: changes?.data?.timeout === undefined ? kept.timeout : changes.data.timeout,
    invocation_timeout:
      changes?.data?.invocation_timeout === undefined
        ? kept.invocation_timeout
        : changes.data.invocation_timeout,
    interval: changes?.data?.interval === undefined ? kept.interval : changes.data.interval,
  };
  if (type !== "http") return { type, data };
  return { type, data: { ...data, endpoint: changes?.data?.endpoint ?? kept.endpoint ?? "/" } };
}

function presentProcess(cloud: Cloud, process: Process, hidden = false): object {
  const path = `/v3/processes/${process.guid}`;
  const app = find(cloud.model.apps, process.app, "App");
  const command = commandOf(cloud, app, process) ?? null;
  return {
    ...presentHead(process),
    type: process.type,
    command: hidden && command !== null ? "[PRIVATE DATA HIDDEN IN LISTS]" : command,
    user: "vcap",
    instances: process.instances,
    memory_in_mb: process.memoryMb,
    disk_in_mb: process.diskMb,
    log_rate_limit_in_bytes_per_second: process.logRate,
    health_check: process.healthCheck,
    readiness_health_check: process.readinessHealthCheck,
    relationships: { app: toOne(process.app), revision: toOne(undefined) },
    ...presentMetadata(process),
    links: {
      self: link(cloud, path),
      scale: link(cloud, `${path}/actions/scale`, "POST"),
      app: link(cloud, `/v3/apps/${process.app}`),
      space: link(cloud, `/v3/spaces/${app.space}`),
      stats: link(cloud, `${path}/stats`),
    },
  };
}

/** What `embed=process_instances` adds. */
function embedded(cloud: Cloud, process: Process): readonly object[] {
  return stats(cloud, process).map(({ index, state, uptime }) => ({ index, state, since: uptime }));
}

export function processes(cloud: Cloud): Hono {
  const hono = new Hono();
  const { model } = cloud;
  const byGuid = (c: Context) => find(model.processes, c.req.param("guid"), "Process");
  const byType = (c: Context) => {
    const app = find(model.apps, c.req.param("guid"), "App");
    return found(processesOf(cloud, app)[c.req.param("type") ?? ""], "Process");
  };
  const listed = (c: Context, items: readonly Process[]) =>
    list(c, cloud, items, {
      filters: {
        types: by((process) => process.type),
        app_guids: by((process) => process.app),
        space_guids: by((process) => model.apps[process.app]?.space),
      },
      also: ["embed"],
      present: (process) => ({
        ...presentProcess(cloud, process, true),
        ...(c.req.query("embed") === "process_instances"
          ? { process_instances: embedded(cloud, process) }
          : {}),
      }),
    });
  const update = async (c: Context, process: Process) => {
    const input = await body(c, updateSchema);
    if (input.command !== undefined) process.command = input.command ?? undefined;
    process.healthCheck = mergeCheck(process.healthCheck, input.health_check);
    process.readinessHealthCheck = mergeCheck(process.readinessHealthCheck, input.readiness_health_check);
    mergeMetadata(process, input.metadata);
    touch(cloud, process);
    return c.json(presentProcess(cloud, process));
  };
  const scale = async (c: Context, process: Process) => {
    const input = await body(c, scaleSchema);
    const app = find(model.apps, process.app, "App");
    if (process.type === "web" && activeDeployment(cloud, app) !== undefined) {
      throw unprocessable("Cannot scale this process while a deployment is in flight.");
    }
    process.instances = input.instances ?? process.instances;
    process.memoryMb = input.memory_in_mb ?? process.memoryMb;
    process.diskMb = input.disk_in_mb ?? process.diskMb;
    process.logRate = input.log_rate_limit_in_bytes_per_second ?? process.logRate;
    touch(cloud, process);
    await cloud.runner.scale(app);
    return c.json(presentProcess(cloud, process), 202);
  };
  const terminate = async (c: Context, process: Process) => {
    const index = Number(c.req.param("index"));
    found(stats(cloud, process)[index], "Instance");
    await cloud.runtime.supervisor.restart(process.app, { type: process.type, index });
    return c.body(null, 204);
  };

  hono.get("/v3/processes", (c) => listed(c, Object.values(model.processes)));
  hono.get("/v3/apps/:guid/processes", (c) => {
    const app = find(model.apps, c.req.param("guid"), "App");
    return listed(
      c,
      Object.values(model.processes).filter((process) => process.app === app.guid),
    );
  });
  for (const [path, of] of [
    ["/v3/processes/:guid", byGuid],
    ["/v3/apps/:guid/processes/:type", byType],
  ] as const) {
    hono.get(path, (c) => c.json(presentProcess(cloud, of(c))));
    hono.patch(path, (c) => update(c, of(c)));
    hono.post(`${path}/actions/scale`, (c) => scale(c, of(c)));
    hono.get(`${path}/stats`, (c) => c.json({ resources: stats(cloud, of(c)) }));
    hono.delete(`${path}/instances/:index`, (c) => terminate(c, of(c)));
    hono.get(`${path}/sidecars`, (c) => {
      of(c);
      return list(c, cloud, [], { present: () => ({}) });
    });
  }
  return hono;
}
