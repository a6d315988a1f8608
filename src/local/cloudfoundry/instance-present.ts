import { broker, offeringOf, plans } from "./catalog.ts";
import { type Cloud, find, link, timestamp, toOne } from "./cloud.ts";
import { presentHead, presentMetadata } from "./metadata.ts";
import type { Operation, ServiceInstance } from "./model.ts";

/** The record of what was done last to a service instance or binding. */
export function operation(
  cloud: Cloud,
  type: Operation["type"],
  state: Operation["state"],
  description = "",
): Operation {
  const now = timestamp(cloud);
  return { type, state, description, createdAt: now, updatedAt: now };
}

export function presentOperation(item: Operation): object {
  return {
    type: item.type,
    state: item.state,
    description: item.description,
    created_at: item.createdAt,
    updated_at: item.updatedAt,
  };
}

export function presentInstance(cloud: Cloud, instance: ServiceInstance): object {
  const path = `/v3/service_instances/${instance.guid}`;
  const managed = instance.type === "managed";
  const kind = managed
    ? { maintenance_info: {}, upgrade_available: false, dashboard_url: null }
    : { syslog_drain_url: instance.syslogDrainUrl, route_service_url: instance.routeServiceUrl };
  const plan = managed ? { service_plan: toOne(instance.plan) } : {};
  return {
    ...presentHead(instance),
    name: instance.name,
    type: instance.type,
    tags: instance.tags,
    ...kind,
    last_operation: presentOperation(instance.lastOperation),
    relationships: { space: toOne(instance.space), ...plan },
    ...presentMetadata(instance),
    links: {
      self: link(cloud, path),
      space: link(cloud, `/v3/spaces/${instance.space}`),
      service_credential_bindings: link(
        cloud,
        `/v3/service_credential_bindings?service_instance_guids=${instance.guid}`,
      ),
    },
  };
}

/** What `fields[...]` asks for, given whole. */
export function includedPlans(cloud: Cloud, instances: readonly ServiceInstance[]): object {
  const used = plans.filter((plan) => instances.some((instance) => instance.plan === plan.guid));
  const offerings = [...new Set(used.map(offeringOf))];
  const spaces = [...new Set(instances.map((instance) => instance.space))].map((guid) =>
    find(cloud.model.spaces, guid, "Space"),
  );
  const organizations = [...new Set(spaces.map((space) => space.organization))].map((guid) =>
    find(cloud.model.organizations, guid, "Organization"),
  );
  return {
    spaces: spaces.map(({ guid, name, organization }) => ({
      guid,
      name,
      relationships: { organization: toOne(organization) },
    })),
    organizations: organizations.map(({ guid, name }) => ({ guid, name })),
    service_plans: used.map(({ guid, name, offering }) => ({
      guid,
      name,
      relationships: { service_offering: toOne(offering) },
    })),
    service_offerings: offerings.map(({ guid, name, description, tags }) => ({
      guid,
      name,
      description,
      tags,
      documentation_url: "",
      relationships: { service_broker: toOne(broker.guid) },
    })),
    service_brokers: [broker],
  };
}
