import { expect, it } from "vitest";
import { httpSend } from "../../src/base/http.ts";
import type { TestStage } from "./stage.ts";
import { standing } from "./standing.ts";

async function herokuHas({ local }: TestStage, path: string): Promise<unknown> {
  const headers = {
    Accept: "application/vnd.heroku+json; version=3",
    Authorization: `Bearer ${local.heroku.token}`,
  };
  return JSON.parse((await httpSend({ method: "GET", url: `${local.heroku.url}${path}`, headers })).text);
}

async function cloudFoundryHas({ local }: TestStage, path: string): Promise<unknown> {
  const { url, username, password } = local.cloudfoundry;
  const root = JSON.parse((await httpSend({ method: "GET", url })).text) as {
    readonly links: { readonly login: { readonly href: string } };
  };
  const { access_token: token } = JSON.parse(
    (
      await httpSend({
        method: "POST",
        url: `${root.links.login.href}/oauth/token`,
        headers: {
          "Content-Type": "application/x-www-form-urlencoded",
          Authorization: `Basic ${Buffer.from("cf:").toString("base64")}`,
        },
        body: new URLSearchParams({ grant_type: "password", username, password }).toString(),
      })
    ).text,
  ) as { readonly access_token: string };
  const headers = { Authorization: `Bearer ${token}` };
  const response = await httpSend({ method: "GET", url: `${url}${path}`, headers });
  return (JSON.parse(response.text) as { readonly resources: unknown }).resources;
}

/** Tests, the last on a stage: what was made is taken down, but not from under its users. */
export function destroys(stage: () => TestStage): void {
  const destroy = (stack: string, ...args: readonly string[]) =>
    stage().understudy(["destroy", stack, "--yes", "--engine", "offline", ...args]);

  it("refuses to destroy the active site", async () => {
    const { active } = await standing(stage());
    const { exitCode, stdout } = await destroy(active, "--json");
    expect(exitCode).toBe(4);
    expect(JSON.parse(stdout)).toMatchObject({
      error: { code: "site-is-active", rule: "an-active-site-stays" },
    });
  });

  it("leaves nothing on either platform, nor in the zone, when it is forced", async () => {
    // Its state still says where the records led before the cutovers.
    const stale = await destroy("edge", "--force");
    expect(stale).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("refresh") });
    const refreshed = await stage().understudy(["refresh", "edge", "--engine", "offline"]);
    expect(refreshed.exitCode, refreshed.stderr).toBe(0);
    for (const stack of ["edge", "mirror", "primary"]) {
      const { exitCode, stderr } = await destroy(stack, "--force");
      expect(exitCode, stderr).toBe(0);
    }
    for (const path of ["/apps", "/addons"]) expect(await herokuHas(stage(), path), path).toEqual([]);
    for (const path of ["/v3/apps", "/v3/service_instances", "/v3/routes"]) {
      expect(await cloudFoundryHas(stage(), path), path).toEqual([]);
    }
    expect((await stage().world.zone.read()).ledger).toBeUndefined();
  });
}
