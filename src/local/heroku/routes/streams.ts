import { Hono } from "hono";
import { stream, streamSSE } from "hono/streaming";
import { ApiError, notFound } from "../http/error.ts";
import type { HerokuPlatform } from "../platform.ts";

/** Comments that keep a silent stream from being taken for dead. */
const heartbeatMs = 15_000;

/** What is reached by an address that is its own permission: uploads, build output, log sessions. */
export function streamRoutes(platform: HerokuPlatform): Hono {
  const { store, builds, sources, logSessions, runtime } = platform;
  const api = new Hono();

  api.put("/source-blobs/:id", async (context) => {
    const content = new Uint8Array(await context.req.arrayBuffer());
    if (!(await sources.write(context.req.param("id"), content))) throw notFound("source");
    return context.body(null, 200);
  });

  api.get("/source-blobs/:id", async (context) => {
    const content = await sources.find(context.req.param("id"));
    if (content === undefined) throw notFound("source");
    return context.body(content, 200, { "content-type": "application/gzip" });
  });

  api.put("/slug-blobs/:id", async (context) => {
    const app = store.model.apps.find(({ slugs }) => slugs.some(({ id }) => id === context.req.param("id")));
    const slug = app?.slugs.find(({ id }) => id === context.req.param("id"));
    if (slug === undefined) throw notFound("slug");
    const content = new Uint8Array(await context.req.arrayBuffer());
    const built = await runtime.builder.build(content, { env: {}, onOutput: () => {} });
    Object.assign(slug, { built: built.id, size: built.sizeBytes });
    await store.save();
    return context.body(null, 200);
  });

  api.get("/output-streams/builds/:id", (context) => {
    const found = store.model.apps
      .flatMap((app) => app.builds)
      .find(({ id }) => id === context.req.param("id"));
    if (found === undefined) throw notFound("build");
    context.header("content-type", "text/plain; charset=utf-8");
    return stream(context, async (output) => {
      for await (const text of builds.output(found)) await output.write(text);
    });
  });

  api.get("/output-streams/releases/:id", async (context) => {
    for (const app of store.model.apps) {
      const release = app.releases.find(({ id }) => id === context.req.param("id"));
      if (release === undefined) continue;
      if (release.status === "pending") await platform.releases.idle(app);
      return context.text(release.output ?? "");
    }
    throw notFound("release");
  });

  api.get("/log-streams/:id", (context) => {
    const session = logSessions.find(context.req.param("id"));
    if (session === undefined)
      throw new ApiError(404, "not_found", "The log session is unknown or has ended.");
    return streamSSE(context, async (events) => {
      const ended = new Promise<void>((resolve) => events.onAbort(resolve));
      let writing = Promise.resolve();
      let id = 0;
      const unfollow = logSessions.stream(session, (line) => {
        const event = { id: String(++id), data: line };
        writing = writing.then(() => events.writeSSE(event));
      });
      await writing;
      if (unfollow === undefined) return;
      const heartbeat = setInterval(() => void events.write(":\n\n"), heartbeatMs);
      await ended;
      clearInterval(heartbeat);
      unfollow();
    });
  });

  return api;
}
