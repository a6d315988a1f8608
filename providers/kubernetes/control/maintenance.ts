import { isDeepStrictEqual } from "node:util";
import { NotFoundError } from "../../../src/base/errors.ts";
import { isJsonObject } from "../../../src/base/json.ts";
import type { CallOptions } from "../../../src/platform/contract.ts";
import { type Deadline, deadline } from "../client/deadline.ts";
import { type KubernetesObject, type ObjectRef, refOf, valueAt } from "../client/object.ts";
import { fieldManager } from "../field-manager.ts";
import { maintenanceObject, maintenanceSelector, processObject, processSelector } from "../names.ts";
import { numberAt, type Place, publicProcesses } from "./place.ts";

/** Longest wait for the page: users are to be kept out in any case. */
const pageMs = 10_000;

type Labels = Readonly<Record<string, string>>;

interface PublicService {
  readonly process: string;
  readonly service: KubernetesObject;
}

function selectorOf(service: KubernetesObject): Labels {
  const selector = valueAt(service, "spec.selector");
  return isJsonObject(selector) ? (selector as Labels) : {};
}

async function publicServices(place: Place, options: CallOptions): Promise<readonly PublicService[]> {
  const { client, namespace, site } = place;
  const { app, settings } = site;
  const found = await Promise.all(
    publicProcesses(app).map(async (process) => {
      const name = processObject(app, settings, process);
      const service = await client.get({ apiVersion: "v1", kind: "Service", namespace, name }, options);
      return service === undefined ? [] : [{ process, service }];
    }),
  );
  return found.flat();
}

/** Whether users get the page, of one public process at least. */
export async function isInMaintenance(place: Place, options: CallOptions): Promise<boolean> {
  const { app, settings } = place.site;
  const page = maintenanceSelector(app, settings);
  const services = await publicServices(place, options);
  return services.some(({ service }) => isDeepStrictEqual(selectorOf(service), page));
}

/** A merge patch takes away only what it names. */
function selectorPatch(service: KubernetesObject, wanted: Labels) {
  const gone = Object.keys(selectorOf(service)).filter((key) => wanted[key] === undefined);
  return { spec: { selector: { ...Object.fromEntries(gone.map((key) => [key, null])), ...wanted } } };
}

async function select(place: Place, wantedBy: (process: string) => Labels, until: Deadline): Promise<void> {
  const services = await publicServices(place, until.options());
  await Promise.all(
    services.map(async ({ process, service }) => {
      const wanted = wantedBy(process);
      if (isDeepStrictEqual(selectorOf(service), wanted)) return;
      const patch = selectorPatch(service, wanted);
      await place.client.patch(refOf(service), patch, { fieldManager }, until.options());
    }),
  );
}

function pageRef({ namespace, site: { app, settings } }: Place): ObjectRef {
  return { apiVersion: "apps/v1", kind: "Deployment", namespace, name: maintenanceObject(app, settings) };
}

/** Starts the page and waits for it a while. */
async function startPage(place: Place, until: Deadline): Promise<void> {
  const { client } = place;
  const ref = pageRef(place);
  const own = deadline({ ...until.options(), timeoutMs: Math.min(pageMs, until.remainingMs() / 2) });
  try {
    const page = await client.get(ref, own.options());
    // Without a page users get the 503 of whatever stands before a Service that leads nowhere.
    if (page === undefined) return;
    if (numberAt(page, "spec.replicas") === 0) {
      await client.patch(ref, { spec: { replicas: 1 } }, { fieldManager }, own.options());
    }
    for (let waitMs = 100; ; waitMs = Math.min(1_000, waitMs * 1.5)) {
      const now = await client.get(ref, own.options());
      if (now === undefined || numberAt(now, "status.readyReplicas") > 0) return;
      await own.pause(waitMs, "the maintenance page");
    }
  } catch {
    // The page is a kindness; that users are kept out is what counts. But who wants no more of it gets no more.
    if (until.signal.aborted) throw until.reason("The maintenance page");
  }
}

/** Sends users of the public processes to the page. The processes run on. */
export async function enterMaintenance(place: Place, options: CallOptions): Promise<void> {
  const until = deadline(options);
  const { app, settings } = place.site;
  await startPage(place, until);
  if ((await publicServices(place, until.options())).length === 0 && publicProcesses(app).length > 0) {
    throw new NotFoundError(
      `No public process of '${app.name}' has a Service in namespace '${place.namespace}'.`,
      {
        code: "app-not-found",
        path: place.namespace,
        suggestion: "Run `understudy up` for this site first.",
      },
    );
  }
  await select(place, () => maintenanceSelector(app, settings), until);
}

/** Sends users to the processes again. */
export async function leaveMaintenance(place: Place, options: CallOptions): Promise<void> {
  const until = deadline(options);
  const { app, settings } = place.site;
  await select(place, (process) => processSelector(app, settings, process), until);
  if (settings.maintenanceWarm) return;
  const page = await place.client.get(pageRef(place), until.options());
  if (page === undefined) return;
  await place.client.patch(pageRef(place), { spec: { replicas: 0 } }, { fieldManager }, until.options());
}
