import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { appArchive, deploy } from "./app-archive.ts";
import { type Api, apiOf, until } from "./client.ts";
import { type ServedHeroku, serveHeroku } from "./serve.ts";

async function query(url: string, sql: string): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

describe("add-ons of the local Heroku", () => {
  let served: ServedHeroku;
  let api: Api;
  beforeAll(async () => {
    served = await serveHeroku();
    api = apiOf(served);
    for (const name of ["shop", "reports"]) await api("POST", "/apps", { body: { name } });
    await deploy(api, "shop", await appArchive({ Procfile: "web: node web.js\nrelease: echo migrating\n" }));
  });
  afterAll(() => served.close());

  const config = async (app = "shop") => (await api("GET", `/apps/${app}/config-vars`)).body;
  const newestRelease = async (app = "shop") =>
    (await api("GET", `/apps/${app}/releases`, { headers: { Range: "version ..; order=desc,max=1" } }))
      .body[0];
  const databaseOf = async (app: string) => {
    const { body } = await api("GET", `/apps/${app}/addon-attachments/DATABASE`);
    return body.addon as { readonly id: string; readonly name: string };
  };
  const add = async (plan: unknown, more: object = {}) => {
    const made = await api("POST", "/apps/shop/addons", { body: { plan, ...more } });
    expect([made.status, made.body.state]).toEqual([201, "provisioning"]);
    return await until(async () => {
      const { body } = await api("GET", `/apps/shop/addons/${made.body.id}`);
      return body.state === "provisioned" && body;
    });
  };

  it("provisions a database, as DATABASE first, with its release command run", async () => {
    const addon = await add("heroku-postgresql:essential-0");
    expect(addon.config_vars).toEqual(["DATABASE_URL"]);
    const release = await until(async () => {
      const newest = await newestRelease();
      return newest?.status === "succeeded" && String(newest.description).startsWith("Attach") && newest;
    });
    expect(release.description).toBe(`Attach DATABASE (@ref:${addon.name})`);
    expect(await (await fetch(String(release.output_stream_url))).text()).toBe("migrating\n");
    const { DATABASE_URL } = await config();
    expect(DATABASE_URL).toMatch(/^postgres:\/\//);
    const rows = await query(
      String(DATABASE_URL),
      "SELECT rolsuper, rolreplication, rolcreaterole FROM pg_roles WHERE rolname = current_user",
    );
    expect(rows).toEqual([{ rolsuper: false, rolreplication: false, rolcreaterole: false }]);
  });

  it("names a second database by a colour, and takes the plan as an object", async () => {
    const addon = await add({ name: "heroku-postgresql" }, { attachment: {}, config: {} });
    expect(addon.config_vars).toEqual(["HEROKU_POSTGRESQL_AMBER_URL"]);
  });

  it("gives Redis under a name of its owner's choice", async () => {
    const addon = await add("heroku-redis:mini", { attachment: { name: "CACHE" } });
    expect(addon.config_vars).toEqual(["CACHE_URL"]);
    expect((await config()).CACHE_URL).toMatch(/^redis:\/\//);
  });

  it("refuses a change of what an add-on owns", async () => {
    const { status, body } = await api("PATCH", "/apps/shop/config-vars", { body: { DATABASE_URL: "x" } });
    expect([status, body.id]).toEqual([422, "invalid_params"]);
  });

  it("attaches to another app, and takes a name over only when that is confirmed", async () => {
    const database = await databaseOf("shop");
    const body = { addon: database.name, app: "reports", name: "SOURCE" };
    const attached = await api("POST", "/addon-attachments", { body });
    expect([attached.status, attached.body.name]).toEqual([201, "SOURCE"]);
    expect((await config("reports")).SOURCE_URL).toBe((await config()).DATABASE_URL);
    expect((await newestRelease("reports"))?.description).toBe(`Attach SOURCE (@ref:${database.name})`);

    const again = await api("POST", "/addon-attachments", { body });
    expect([again.status, again.body.id]).toEqual([423, "confirmation_required"]);
    const confirmed = await api("POST", "/addon-attachments", { body: { ...body, confirm: "reports" } });
    expect(confirmed.status).toBe(201);
  });

  it("resolves names as the command line asks for them", async () => {
    const { body } = await api("POST", "/actions/addons/resolve", {
      body: { addon: "DATABASE", app: "shop" },
    });
    expect(body).toHaveLength(1);
    const missing = await api("POST", "/actions/addons/resolve", { body: { addon: "nothing", app: "shop" } });
    expect([missing.status, missing.body.resource]).toEqual([404, "add_on"]);
  });

  it("rotates credentials on every app, without the release command; the data stays", async () => {
    const before = String((await config()).DATABASE_URL);
    await query(before, "CREATE TABLE kept (id integer PRIMARY KEY); INSERT INTO kept VALUES (1)");
    const database = await databaseOf("shop");
    const path = `/postgres/v0/databases/${database.id}/credentials/default/credentials_rotation`;
    expect((await api("POST", path, { body: {} })).status).toBe(200);

    const after = String((await config()).DATABASE_URL);
    expect(after).not.toBe(before);
    expect((await config("reports")).SOURCE_URL).toBe(after);
    // It waits for those before it, and they have a release command.
    const release = await until(async () => {
      const newest = await newestRelease();
      return newest?.status !== "pending" && newest;
    });
    expect(release).toMatchObject({
      description: "Update DATABASE by heroku-postgresql",
      status: "succeeded",
      output_stream_url: null,
    });
    await expect(query(before, "SELECT 1")).rejects.toThrow();
    expect(await query(after, "SELECT id FROM kept")).toEqual([{ id: 1 }]);
    const { body } = await api("GET", `/postgres/v0/databases/${database.id}/credentials/default`);
    expect(after).toContain(String((body.credentials as { user: string }[])[0]?.user));
  });

  it("destroys an add-on: its names go from every app, and the answer says so", async () => {
    const database = await databaseOf("shop");
    const gone = await api("DELETE", `/apps/shop/addons/${database.id}`);
    expect([gone.status, gone.body.state]).toEqual([200, "deprovisioned"]);
    expect(await config()).not.toHaveProperty("DATABASE_URL");
    expect(await config("reports")).toEqual({});
  });
});
