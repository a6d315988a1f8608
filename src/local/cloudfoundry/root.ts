import { Hono } from "hono";
import type { Cloud } from "./cloud.ts";

/** The version that is spoken here (cloud_controller_ng 3.228.0). */
const apiVersion = "3.228.0";

/** `GET /`, `/v3`, `/v3/info`: where everything is; no login needed (cloud_controller_ng, root_controller.rb). */
export function root(cloud: Cloud): Hono {
  const { url } = cloud.options;
  const app = new Hono();
  app.get("/", (c) =>
    c.json({
      links: {
        self: { href: url },
        cloud_controller_v2: null,
        cloud_controller_v3: { href: `${url}/v3`, meta: { version: apiVersion } },
        network_policy_v0: null,
        network_policy_v1: null,
        login: { href: `${url}/uaa` },
        uaa: { href: `${url}/uaa` },
        credhub: null,
        routing: null,
        logging: null,
        log_cache: { href: url },
        log_stream: null,
        app_ssh: null,
      },
    }),
  );
  app.get("/v3", (c) => {
    const families = [
      "organizations",
      "spaces",
      "domains",
      "apps",
      "packages",
      "builds",
      "droplets",
      "processes",
      "deployments",
      "tasks",
      "routes",
      "service_offerings",
      "service_plans",
      "service_instances",
      "service_credential_bindings",
    ];
    const links = families.map((name) => [name, { href: `${url}/v3/${name}` }]);
    return c.json({ links: { self: { href: `${url}/v3` }, ...Object.fromEntries(links) } });
  });
  app.get("/v3/info", (c) =>
    c.json({
      build: "",
      cli_version: { minimum: "", recommended: "" },
      custom: {},
      description: "A Cloud Foundry on this machine",
      name: "understudy",
      version: 0,
      links: { self: { href: `${url}/v3/info` }, support: { href: "" } },
    }),
  );
  return app;
}
