import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { logIn } from "./api.ts";
import { serveCloudFoundry } from "./serve.ts";

it("goes on after a restart of the provider: the same apps, routes, environment and logins", async () => {
  const folder = await mkdtemp(join(tmpdir(), "understudy-cf-"));
  try {
    const first = await serveCloudFoundry({ folder });
    let api = await logIn(first);
    const app = await api.runApp("lasting");
    await api.patch(`/v3/apps/${app}/environment_variables`, { var: { COLOR: "not yet" } });
    await api.post(`/v3/apps/${app}/tasks`, { command: "sleep 60", name: "long" });
    await first.close();

    const second = await serveCloudFoundry({ folder });
    try {
      api = await logIn(second);
      await api.running(app, "web", 1);
      const { env } = await api.echo("lasting.apps.test");
      // It came back as it was started, not as it would be started now.
      expect(env.COLOR).toBeUndefined();
      expect((await api.get(`/v3/apps/${app}`)).body.state).toBe("STARTED");
      const [task] = (await api.get(`/v3/apps/${app}/tasks`)).body.resources;
      expect(task.state).toBe("FAILED");
    } finally {
      await second.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
