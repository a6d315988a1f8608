import { Hono } from "hono";
import { messageOf } from "../../base/errors.ts";
import { type Cloud, find, link, resource, touch } from "./cloud.ts";
import { CfError, unknownError } from "./errors.ts";
import { presentHead } from "./metadata.ts";
import type { Job } from "./model.ts";

/**
 * Starts work that is answered with a job: 202, no body, an absolute `Location`. What the work throws becomes the job's
 * error; the job itself is still read with 200.
 */
export function startJob(cloud: Cloud, operation: string, work: () => Promise<void> | void): Response {
  const job: Job = { ...resource(cloud), operation, state: "PROCESSING", errors: [] };
  cloud.model.jobs[job.guid] = job;
  cloud.save();
  cloud.background(
    Promise.resolve()
      .then(work)
      .then(
        () => {
          job.state = "COMPLETE";
        },
        (error: unknown) => {
          const shown = error instanceof CfError ? error : unknownError(messageOf(error));
          job.state = "FAILED";
          job.errors = [{ code: shown.code, title: shown.title, detail: shown.message }];
        },
      )
      .then(() => touch(cloud, job)),
  );
  return new Response(null, {
    status: 202,
    headers: { location: `${cloud.options.url}/v3/jobs/${job.guid}` },
  });
}

export function jobs(cloud: Cloud): Hono {
  const app = new Hono();
  app.get("/v3/jobs/:guid", (c) => {
    const job = find(cloud.model.jobs, c.req.param("guid"), "Job");
    return c.json({
      ...presentHead(job),
      operation: job.operation,
      state: job.state,
      errors: job.errors,
      warnings: [],
      links: { self: link(cloud, `/v3/jobs/${job.guid}`) },
    });
  });
  return app;
}
