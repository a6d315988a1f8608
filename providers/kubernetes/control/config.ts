import { envNamesOf } from "../../../src/app/roles.ts";
import { UnsupportedError } from "../../../src/base/errors.ts";
import type { JsonObject } from "../../../src/base/json.ts";
import type { CallOptions } from "../../../src/platform/contract.ts";
import { deadline } from "../client/deadline.ts";
import { refOf } from "../client/object.ts";
import { fieldManager } from "../field-manager.ts";
import { configObject, envObject } from "../names.ts";
import { type Place, processesOf } from "./place.ts";
import { originOf } from "./service-url.ts";

/** On pod templates: the state of the environment that the pods were started for. */
const startedFor = "understudy.dev/started-for";
/** As `kubectl rollout restart` sets it. */
const restartedAt = "kubectl.kubernetes.io/restartedAt";

type Changes = Readonly<Record<string, string | null>>;

/** Names whose values are kept in the Secret, and those that containers take from a Secret of the service itself. */
function secretNames(place: Place) {
  const { app } = place.site;
  const secret = new Set(Object.keys(app.secrets));
  const fixed = new Map<string, string>();
  for (const [name, service] of Object.entries(app.services)) {
    const isOutside = originOf(place, name) === "external";
    for (const env of envNamesOf(name, service)) {
      if (isOutside) secret.add(env);
      else fixed.set(env, name);
    }
  }
  return { secret, fixed };
}

/**
 * Changes the environment and rolls the pods. A call that was cut off between the two is mended by the next one: pods
 * carry the state that they were started for.
 */
export async function changeConfig(place: Place, changes: Changes, options: CallOptions): Promise<void> {
  const until = deadline(options);
  const { client, namespace, site } = place;
  const { app, settings } = site;
  // Says that there is no such app before anything is changed.
  const processes = await processesOf(place, until.options());
  const { secret, fixed } = secretNames(place);
  const held = Object.keys(changes).find((name) => fixed.has(name));
  if (held !== undefined) {
    throw new UnsupportedError(`'${held}' is read from the Secret of the service '${fixed.get(held)}'.`, {
      code: "config-of-service",
      path: held,
      suggestion: "Change the service; its URL follows by itself.",
    });
  }
  const [plain, hidden] = [false, true].map((isSecret) =>
    Object.entries(changes).filter(([name]) => secret.has(name) === isSecret),
  );
  const patch = async (kind: string, name: string, part: JsonObject): Promise<string> => {
    const ref = { apiVersion: "v1", kind, namespace, name };
    const changed = await client.patch(ref, part, { fieldManager }, until.options());
    return changed.metadata.resourceVersion ?? "";
  };
  const encoded = (value: string | null) =>
    value === null ? null : Buffer.from(value, "utf8").toString("base64");
  // An empty patch changes nothing and tells the state.
  const versions = await Promise.all([
    patch("ConfigMap", configObject(app, settings), { data: Object.fromEntries(plain ?? []) }),
    patch("Secret", envObject(app, settings), {
      data: Object.fromEntries((hidden ?? []).map(([name, value]) => [name, encoded(value)])),
    }),
  ]);
  const annotations = { [startedFor]: versions.join(".") };
  await annotateTemplates(place, processes, annotations, until.options());
}

/** Replaces all pods, as each Deployment's strategy says. */
export async function restartAll(place: Place, options: CallOptions): Promise<void> {
  const until = deadline(options);
  const processes = await processesOf(place, until.options());
  const annotations = { [restartedAt]: new Date(until.clock.now()).toISOString() };
  await annotateTemplates(place, processes, annotations, until.options());
}

async function annotateTemplates(
  { client }: Place,
  processes: Awaited<ReturnType<typeof processesOf>>,
  annotations: Readonly<Record<string, string>>,
  options: CallOptions,
): Promise<void> {
  const patch = { spec: { template: { metadata: { annotations } } } };
  await Promise.all(
    processes.map(({ deployment }) => client.patch(refOf(deployment), patch, { fieldManager }, options)),
  );
}
