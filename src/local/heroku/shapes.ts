import type { JsonObject } from "../../base/json.ts";
import { idFor, planOf, planShape, serviceOf, serviceShape } from "./catalog.ts";
import type {
  AddonRecord,
  AppRecord,
  AttachmentRecord,
  BuildRecord,
  DomainRecord,
  DrainRecord,
  FormationRecord,
  ReleaseRecord,
  SlugRecord,
} from "./model.ts";
import type { HerokuPlatform } from "./platform.ts";
import { slugOf } from "./releases.ts";
import { currentRelease } from "./store.ts";

// The API's view of each record: https://devcenter.heroku.com/articles/platform-api-reference

function appRef({ id, name }: AppRecord): JsonObject {
  return { id, name };
}

export function accountRef({ store, options }: HerokuPlatform): {
  readonly id: string;
  readonly email: string;
} {
  const { username } = options.credentials;
  return { id: store.model.account.id, email: username.includes("@") ? username : `${username}@example.com` };
}

export function appShape(platform: HerokuPlatform, app: AppRecord): JsonObject {
  const { options, runtime } = platform;
  const slug = slugOf(app, currentRelease(app)?.slugId ?? null);
  const named = (kind: string, name: string): JsonObject => ({ id: idFor(kind, name), name });
  return {
    acm: app.acm,
    archived_at: null,
    build_stack: named("stack", app.buildStack),
    buildpack_provided_description: slug?.buildpack ?? null,
    created_at: app.createdAt,
    git_url: `${options.url}/git/${app.name}.git`,
    id: app.id,
    internal_routing: null,
    maintenance: app.maintenance,
    name: app.name,
    organization: null,
    owner: accountRef(platform),
    region: named("region", app.region),
    released_at: app.releasedAt,
    repo_size: null,
    slug_size: slug?.size ?? null,
    space: null,
    stack: named("stack", app.stack),
    team: null,
    updated_at: app.updatedAt,
    web_url: `http://${app.host}.${options.dnsZone}:${runtime.router.port}/`,
  };
}

export function formationShape(app: AppRecord, entry: FormationRecord): JsonObject {
  const slug = slugOf(app, app.releases.findLast(({ status }) => status !== "failed")?.slugId ?? null);
  return {
    app: appRef(app),
    command: slug?.processTypes[entry.type] ?? "",
    created_at: entry.createdAt,
    dyno_size: { id: idFor("dyno-size", entry.size), name: entry.size },
    id: entry.id,
    quantity: entry.quantity,
    size: entry.size,
    type: entry.type,
    updated_at: entry.updatedAt,
  };
}

export function releaseShape(platform: HerokuPlatform, app: AppRecord, release: ReleaseRecord): JsonObject {
  const isCurrent = currentRelease(app)?.id === release.id;
  return {
    addon_plan_names: release.addonPlans,
    app: appRef(app),
    artifacts: [],
    created_at: release.createdAt,
    current: isCurrent,
    description: release.description,
    eligible_for_rollback: release.status === "succeeded" && slugOf(app, release.slugId) !== undefined,
    id: release.id,
    output_stream_url:
      release.output === null ? null : `${platform.options.url}/output-streams/releases/${release.id}`,
    slug: release.slugId === null ? null : { id: release.slugId },
    status: release.status,
    updated_at: release.updatedAt,
    user: accountRef(platform),
    version: release.version,
  };
}

export function buildShape(platform: HerokuPlatform, app: AppRecord, build: BuildRecord): JsonObject {
  return {
    app: { id: app.id },
    buildpacks: build.buildpacks.map((url) => ({ url, name: url })),
    created_at: build.createdAt,
    id: build.id,
    output_stream_url: `${platform.options.url}/output-streams/builds/${build.id}`,
    release: build.releaseId === null ? null : { id: build.releaseId },
    slug: build.slugId === null ? null : { id: build.slugId },
    source_blob: { ...build.source, version_description: null },
    stack: build.stack,
    status: build.status,
    updated_at: build.updatedAt,
    user: accountRef(platform),
  };
}

export function slugShape(platform: HerokuPlatform, slug: SlugRecord): JsonObject {
  return {
    blob: { method: "PUT", url: `${platform.options.url}/slug-blobs/${slug.id}` },
    buildpack_provided_description: slug.buildpack,
    checksum: null,
    commit: slug.commit,
    commit_description: null,
    created_at: slug.createdAt,
    id: slug.id,
    process_types: slug.processTypes,
    size: slug.size,
    stack: { id: idFor("stack", slug.stack), name: slug.stack },
    updated_at: slug.createdAt,
  };
}

/** Plan and service in full when `Accept-Expansion` names them, else only what tells them. */
export function addonShape(
  platform: HerokuPlatform,
  addon: AddonRecord,
  expansion: string | undefined,
): JsonObject {
  const { store, options } = platform;
  const expanded = new Set((expansion ?? "").split(",").map((name) => name.trim()));
  const { service } = planOf(addon.plan);
  const app = store.model.apps.find(({ id }) => id === addon.appId);
  const names = store.model.attachments.filter(
    ({ addonId, appId }) => addonId === addon.id && appId === addon.appId,
  );
  const ref = app === undefined ? { id: addon.appId, name: "" } : appRef(app);
  return {
    actions: [],
    addon_service: expanded.has("addon_service")
      ? serviceShape(service)
      : { id: idFor("service", service.name), name: service.name },
    app: ref,
    billed_price: { cents: 0, contract: false, unit: "month" },
    billing_entity: { ...ref, type: "app" },
    config_vars: addon.state === "provisioned" ? names.map(({ name }) => `${name}_URL`) : [],
    created_at: addon.createdAt,
    id: addon.id,
    name: addon.name,
    plan: expanded.has("plan")
      ? planShape(service, addon.plan)
      : { id: idFor("plan", addon.plan), name: addon.plan },
    provider_id: addon.id,
    provision_message: null,
    state: addon.state,
    updated_at: addon.updatedAt,
    web_url: `${options.url}/dashboard/${addon.id}`,
  };
}

export function attachmentShape(
  platform: HerokuPlatform,
  attachment: AttachmentRecord,
  inclusion: string,
): JsonObject {
  const { store } = platform;
  const addon = store.addon(attachment.addonId);
  const included = new Set(inclusion.split(",").map((name) => name.trim()));
  const owner = store.model.apps.find(({ id }) => id === addon.appId);
  const app = store.app(attachment.appId);
  const plan = { id: idFor("plan", addon.plan), name: addon.plan };
  return {
    addon: {
      id: addon.id,
      name: addon.name,
      app: owner === undefined ? { id: addon.appId, name: "" } : appRef(owner),
      ...(included.has("addon:plan") ? { plan } : {}),
    },
    app: appRef(app),
    ...(included.has("config_vars") ? { config_vars: [`${attachment.name}_URL`] } : {}),
    created_at: attachment.createdAt,
    id: attachment.id,
    log_input_url: null,
    name: attachment.name,
    namespace: attachment.namespace,
    updated_at: attachment.createdAt,
    web_url: `${platform.options.url}/dashboard/${serviceOf(addon.service).name}/${addon.id}`,
  };
}

export function domainShape(app: AppRecord, domain: DomainRecord): JsonObject {
  return {
    acm_status: null,
    acm_status_reason: null,
    app: appRef(app),
    cname: domain.cname,
    created_at: domain.createdAt,
    hostname: domain.hostname,
    id: domain.id,
    kind: domain.kind,
    sni_endpoint: null,
    status: domain.kind === "custom" ? "succeeded" : "none",
    updated_at: domain.createdAt,
  };
}

export function drainShape(drain: DrainRecord): JsonObject {
  return {
    addon: null,
    created_at: drain.createdAt,
    id: drain.id,
    token: drain.token,
    updated_at: drain.createdAt,
    url: drain.url,
  };
}
