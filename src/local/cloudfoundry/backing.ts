import type { Json } from "../../base/json.ts";
import { offeringOf, planOf } from "./catalog.ts";
import type { Cloud } from "./cloud.ts";
import type { ServiceInstance } from "./model.ts";

/** Names in the runtime are of letters, digits and `_`. */
const idOf = (instance: ServiceInstance) => `cf_${instance.guid.replaceAll("-", "_")}`;

function kindOf(instance: ServiceInstance): "postgres" | "redis" | undefined {
  const plan = planOf(instance.plan);
  return plan === undefined ? undefined : offeringOf(plan).name;
}

/** Makes the database or Redis behind a managed instance. */
export async function provision(cloud: Cloud, instance: ServiceInstance): Promise<void> {
  const kind = kindOf(instance);
  if (kind === "postgres") await cloud.runtime.postgres.create(idOf(instance));
  if (kind === "redis") await cloud.runtime.redis.create(idOf(instance));
}

export async function deprovision(cloud: Cloud, instance: ServiceInstance): Promise<void> {
  const kind = kindOf(instance);
  if (kind === "postgres") await cloud.runtime.postgres.drop(idOf(instance));
  if (kind === "redis") await cloud.runtime.redis.drop(idOf(instance));
}

/** What a binding gives an app; asked of the service each time, since it may have rotated them. */
export async function credentialsOf(
  cloud: Cloud,
  instance: ServiceInstance,
): Promise<Readonly<Record<string, Json>>> {
  const kind = kindOf(instance);
  if (kind === "postgres") {
    const database = await cloud.runtime.postgres.get(idOf(instance));
    if (database === undefined) return {};
    const { host, port, user, password, database: name } = database;
    const login = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`;
    return {
      uri: `postgres://${login}@${host}:${port}/${name}`,
      hostname: host,
      port,
      name,
      username: user,
      password,
    };
  }
  if (kind === "redis") {
    const redis = await cloud.runtime.redis.get(idOf(instance));
    if (redis === undefined) return {};
    const { host, port, password } = redis;
    return { uri: `redis://:${encodeURIComponent(password)}@${host}:${port}`, host, port, password };
  }
  return instance.credentials;
}
