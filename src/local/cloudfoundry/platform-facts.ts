import { Hono } from "hono";
import { type Cloud, find, found, link } from "./cloud.ts";
import { stacks } from "./lifecycle.ts";
import { by, list } from "./list.ts";
import { presentHead, presentMetadata } from "./metadata.ts";
import type { Resource } from "./model.ts";

const made = "2026-01-01T00:00:00Z";

function fixed<T extends object>(guid: string, rest: T): T & Resource {
  return { ...rest, guid, createdAt: made, updatedAt: made, labels: {}, annotations: {} };
}

const stackList = stacks.map((name, index) =>
  fixed(`c0000000-0000-4000-8000-00000000000${index}`, { name, description: name }),
);
const buildpackList = ["nodejs_buildpack", "python_buildpack", "binary_buildpack"].map((name, index) =>
  fixed(`d0000000-0000-4000-8000-00000000000${index}`, { name, position: index + 1 }),
);

/** What there is none of here, with the query keys that may be asked by. */
const emptyLists = [
  ["/v3/isolation_segments", "names", "organization_guids"],
  ["/v3/organization_quotas", "names", "organization_guids"],
  ["/v3/space_quotas", "names", "organization_guids", "space_guids"],
  ["/v3/security_groups", "names", "running_space_guids", "staging_space_guids"],
  ["/v3/spaces/:guid/running_security_groups", "names"],
  ["/v3/spaces/:guid/staging_security_groups", "names"],
  ["/v3/audit_events", "types", "target_guids", "space_guids", "organization_guids"],
] as const;

/** What every app can ask of its platform: stacks, buildpacks, feature flags, features of an app. */
export function platformFacts(cloud: Cloud): Hono {
  const hono = new Hono();
  hono.get("/v3/stacks", (c) =>
    list(c, cloud, stackList, {
      filters: { names: by((item) => item.name) },
      present: (item) => ({
        ...presentHead(item),
        name: item.name,
        description: item.description,
        ...presentMetadata(item),
        links: {},
      }),
    }),
  );
  hono.get("/v3/buildpacks", (c) =>
    list(c, cloud, buildpackList, {
      filters: { names: by((item) => item.name), stacks: () => true },
      orders: { position: (item) => String(item.position) },
      present: (item) => ({
        ...presentHead(item),
        name: item.name,
        stack: stacks[0],
        state: "READY",
        filename: `${item.name}.zip`,
        position: item.position,
        enabled: true,
        locked: false,
        ...presentMetadata(item),
        links: {},
      }),
    }),
  );
  hono.get("/v3/feature_flags/:name", (c) =>
    c.json({
      name: c.req.param("name"),
      enabled: c.req.param("name") !== "service_instance_sharing",
      custom_error_message: null,
      updated_at: null,
    }),
  );
  hono.get("/v3/apps/:guid/features/:name", (c) => {
    const app = find(cloud.model.apps, c.req.param("guid"), "App");
    const name = c.req.param("name");
    return c.json({ name, description: "", enabled: found(app.features[name], "Feature") });
  });
  hono.get("/v3/apps/:guid/ssh_enabled", (c) => {
    find(cloud.model.apps, c.req.param("guid"), "App");
    return c.json({ enabled: false, reason: "Disabled globally" });
  });
  hono.get("/v3/apps/:guid/permissions", (c) => {
    find(cloud.model.apps, c.req.param("guid"), "App");
    return c.json({ read_basic_data: true, read_sensitive_data: true });
  });
  for (const [path, ...filters] of emptyLists) {
    hono.get(path, (c) =>
      list<Resource>(c, cloud, [], {
        filters: Object.fromEntries(filters.map((name) => [name, () => false])),
        present: () => ({}),
      }),
    );
  }
  hono.get("/v3/service_route_bindings", (c) =>
    list(c, cloud, [], {
      filters: { route_guids: () => false, service_instance_guids: () => false },
      also: ["include"],
      present: () => ({}),
      included: () => ({ routes: [], service_instances: [] }),
    }),
  );
  hono.get("/v3/spaces/:guid/relationships/isolation_segment", (c) => {
    const space = find(cloud.model.spaces, c.req.param("guid"), "Space");
    return c.json({ data: null, links: { self: link(cloud, `/v3/spaces/${space.guid}`) } });
  });
  hono.get("/v3/organizations/:guid/relationships/default_isolation_segment", (c) => {
    const org = find(cloud.model.organizations, c.req.param("guid"), "Organization");
    return c.json({ data: null, links: { self: link(cloud, `/v3/organizations/${org.guid}`) } });
  });
  return hono;
}
