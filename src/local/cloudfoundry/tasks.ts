import { type Context, Hono } from "hono";
import { z } from "zod";
import { body } from "./body.ts";
import { type Cloud, find, link, resource, toOne, touch } from "./cloud.ts";
import { startEnvironment } from "./environment.ts";
import { unprocessable } from "./errors.ts";
import { by, list } from "./list.ts";
import { mergeMetadata, metadataSchema, presentHead, presentMetadata } from "./metadata.ts";
import type { App, Droplet, Task } from "./model.ts";
import { processesOf } from "./process-model.ts";

const createSchema = z.strictObject({
  command: z.string().min(1).optional(),
  template: z.strictObject({ process: z.strictObject({ guid: z.string() }) }).optional(),
  name: z.string().max(255).optional(),
  memory_in_mb: z.int().positive().optional(),
  disk_in_mb: z.int().positive().optional(),
  log_rate_limit_in_bytes_per_second: z.int().min(-1).optional(),
  droplet_guid: z.string().optional(),
  user: z.string().nullable().optional(),
  metadata: metadataSchema.optional(),
});

function presentTask(cloud: Cloud, task: Task): object {
  const path = `/v3/tasks/${task.guid}`;
  return {
    ...presentHead(task),
    sequence_id: task.sequenceId,
    name: task.name,
    command: task.command,
    user: "vcap",
    state: task.state,
    memory_in_mb: task.memoryMb,
    disk_in_mb: task.diskMb,
    log_rate_limit_in_bytes_per_second: -1,
    result: { failure_reason: task.failureReason ?? null },
    droplet_guid: task.droplet,
    relationships: { app: toOne(task.app) },
    ...presentMetadata(task),
    links: {
      self: link(cloud, path),
      app: link(cloud, `/v3/apps/${task.app}`),
      cancel: link(cloud, `${path}/actions/cancel`, "POST"),
      droplet: link(cloud, `/v3/droplets/${task.droplet}`),
    },
  };
}

/** Hands a runtime's output to the log line by line. */
function byLines(say: (line: string) => void): { add(text: string): void; end(): void } {
  let rest = "";
  return {
    add(text) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) say(line);
    },
    end() {
      if (rest !== "") say(rest);
    },
  };
}

export function tasks(cloud: Cloud): Hono {
  const hono = new Hono();
  const { model } = cloud;
  const running = new Map<string, () => void>();
  const taskOf = (c: Context) => find(model.tasks, c.req.param("guid"), "Task");
  const listed = (c: Context, items: readonly Task[]) =>
    list(c, cloud, items, {
      filters: {
        names: by((task) => task.name),
        states: by((task) => task.state),
        app_guids: by((task) => task.app),
        sequence_ids: by((task) => String(task.sequenceId)),
        space_guids: by((task) => model.apps[task.app]?.space),
      },
      present: (task) => presentTask(cloud, task),
    });

  const run = async (app: App, droplet: Droplet, task: Task) => {
    const env = await startEnvironment(cloud, app);
    const lines = byLines((line) => cloud.logs.append(app.guid, `APP/TASK/${task.name}/0`, line));
    const oneOff = cloud.runtime.supervisor.runOnce(app.guid, {
      name: task.name,
      slug: droplet.slug,
      command: task.command,
      env: { ...env, MEMORY_LIMIT: `${task.memoryMb}m` },
      onOutput: (text) => lines.add(text),
    });
    running.set(task.guid, () => oneOff.stop());
    task.state = "RUNNING";
    touch(cloud, task);
    const { exitCode } = await oneOff.done;
    running.delete(task.guid);
    lines.end();
    if (exitCode === 0) {
      task.state = "SUCCEEDED";
    } else {
      const cancelled = String(task.state) === "CANCELING";
      task.state = "FAILED";
      task.failureReason = cancelled
        ? "task was cancelled"
        : `APP/TASK/${task.name}: Exited with status ${exitCode ?? 137}`;
    }
    touch(cloud, task);
  };
  const cancelTask = (c: Context) => {
    const task = taskOf(c);
    if (task.state === "SUCCEEDED" || task.state === "FAILED") {
      throw unprocessable(`Task state is ${task.state} and therefore cannot be canceled`);
    }
    task.state = "CANCELING";
    touch(cloud, task);
    running.get(task.guid)?.();
    return c.json(presentTask(cloud, task), 202);
  };

  hono.get("/v3/tasks", (c) => listed(c, Object.values(model.tasks)));
  hono.get("/v3/apps/:guid/tasks", (c) => {
    const app = find(model.apps, c.req.param("guid"), "App");
    return listed(
      c,
      Object.values(model.tasks).filter((task) => task.app === app.guid),
    );
  });
  hono.post("/v3/apps/:guid/tasks", async (c) => {
    const app = find(model.apps, c.req.param("guid"), "App");
    const input = await body(c, createSchema);
    const guid = input.droplet_guid ?? app.droplet;
    const droplet = guid === undefined ? undefined : model.droplets[guid];
    if (droplet === undefined || droplet.app !== app.guid) {
      throw unprocessable("Task must have a droplet. Assign current droplet to app.");
    }
    const template = input.template?.process.guid;
    const process = template === undefined ? undefined : model.processes[template];
    const command =
      input.command ?? (process && (process.command ?? droplet.processTypes[process.type])) ?? undefined;
    if (command === undefined) throw unprocessable("Task must have a command or a template");
    const web = processesOf(cloud, app).web;
    app.tasks += 1;
    const task: Task = {
      ...resource(cloud),
      app: app.guid,
      droplet: droplet.guid,
      name: input.name ?? Math.random().toString(16).slice(2, 10),
      command,
      sequenceId: app.tasks,
      memoryMb: input.memory_in_mb ?? web?.memoryMb ?? 1024,
      diskMb: input.disk_in_mb ?? web?.diskMb ?? 1024,
      state: "PENDING",
      failureReason: undefined,
    };
    mergeMetadata(task, input.metadata);
    model.tasks[task.guid] = task;
    cloud.save();
    cloud.background(run(app, droplet, task));
    return c.json(presentTask(cloud, task), 202);
  });
  hono.get("/v3/tasks/:guid", (c) => c.json(presentTask(cloud, taskOf(c))));
  hono.post("/v3/tasks/:guid/actions/cancel", cancelTask);
  // The path that the cf command line uses.
  hono.put("/v3/tasks/:guid/cancel", cancelTask);
  return hono;
}
