import { Hono } from "hono";
import { broker, type Offering, offeringOf, offerings, type Plan, plans } from "./catalog.ts";
import { type Cloud, found, link, toOne } from "./cloud.ts";
import { by, list } from "./list.ts";
import { presentHead, presentMetadata } from "./metadata.ts";
import type { Resource } from "./model.ts";

const made = "2026-01-01T00:00:00Z";

function asResource<T extends { readonly guid: string }>(item: T): T & Resource {
  return { ...item, createdAt: made, updatedAt: made, labels: {}, annotations: {} };
}

function presentOffering(cloud: Cloud, offering: Offering): object {
  const item = asResource(offering);
  return {
    ...presentHead(item),
    name: item.name,
    description: item.description,
    available: true,
    tags: item.tags,
    requires: [],
    shareable: false,
    documentation_url: "",
    broker_catalog: { id: item.guid, metadata: {}, features: { bindable: true, plan_updateable: true } },
    relationships: { service_broker: toOne(broker.guid) },
    ...presentMetadata(item),
    links: {
      self: link(cloud, `/v3/service_offerings/${item.guid}`),
      service_plans: link(cloud, `/v3/service_plans?service_offering_guids=${item.guid}`),
    },
  };
}

function presentPlan(cloud: Cloud, plan: Plan): object {
  const item = asResource(plan);
  return {
    ...presentHead(item),
    name: item.name,
    description: item.description,
    available: true,
    free: true,
    visibility_type: "public",
    costs: [],
    maintenance_info: {},
    broker_catalog: { id: item.guid, metadata: {}, features: { bindable: true, plan_updateable: true } },
    schemas: {},
    relationships: { service_offering: toOne(item.offering) },
    ...presentMetadata(item),
    links: {
      self: link(cloud, `/v3/service_plans/${item.guid}`),
      service_offering: link(cloud, `/v3/service_offerings/${item.offering}`),
    },
  };
}

/** The marketplace: what the broker offers, for everyone. */
export function marketplace(cloud: Cloud): Hono {
  const hono = new Hono();
  hono.get("/v3/service_offerings", (c) =>
    list(c, cloud, offerings.map(asResource), {
      filters: {
        names: by((offering) => offering.name),
        service_broker_guids: by(() => broker.guid),
        service_broker_names: by(() => broker.name),
        space_guids: () => true,
        organization_guids: () => true,
        available: by(() => "true"),
      },
      also: ["fields"],
      present: (offering) => presentOffering(cloud, offering),
      included: () => ({ service_brokers: [broker] }),
    }),
  );
  hono.get("/v3/service_offerings/:guid", (c) => {
    const offering = offerings.find((item) => item.guid === c.req.param("guid"));
    return c.json(presentOffering(cloud, found(offering, "Service offering")));
  });
  hono.get("/v3/service_plans", (c) =>
    list(c, cloud, plans.map(asResource), {
      filters: {
        names: by((plan) => plan.name),
        service_offering_guids: by((plan) => plan.offering),
        service_offering_names: by((plan) => offeringOf(plan).name),
        service_broker_guids: by(() => broker.guid),
        service_broker_names: by(() => broker.name),
        space_guids: () => true,
        organization_guids: () => true,
        available: by(() => "true"),
      },
      also: ["include", "fields"],
      present: (plan) => presentPlan(cloud, plan),
      included: (shown) => {
        const used = new Set(shown.map((plan) => plan.offering));
        return {
          service_offerings: offerings
            .filter((offering) => used.has(offering.guid))
            .map((offering) => presentOffering(cloud, offering)),
          service_brokers: [broker],
        };
      },
    }),
  );
  hono.get("/v3/service_plans/:guid", (c) => {
    const plan = plans.find((item) => item.guid === c.req.param("guid"));
    return c.json(presentPlan(cloud, found(plan, "Service plan")));
  });
  hono.get("/v3/service_brokers", (c) =>
    list(c, cloud, [asResource({ ...broker, url: cloud.options.url })], {
      filters: { names: by((item) => item.name) },
      present: (item) => ({ ...presentHead(item), name: item.name, url: item.url, ...presentMetadata(item) }),
    }),
  );
  return hono;
}
