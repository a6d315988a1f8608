import type { InputValue } from "../../../src/platform/contract.ts";
import { baseName } from "../names.ts";
import { serviceVariables } from "./backing.ts";
import { imageKind } from "./command.ts";
import { environmentOf } from "./config.ts";
import { imageOf, isBuilt } from "./image.ts";
import type { Fields } from "./kube.ts";
import { defined } from "./object.ts";
import { containerSecurity, podSecurity } from "./security.ts";
import type { Site } from "./site.ts";
import { resourcesOf, type sizeOf } from "./size.ts";

/** Whom an image runs as that names no number of its own. */
const usualUser = 1000;

/** The user id of the app's pods. Buildpacks' images name a number; others may name a user, which can't be told from root. */
function userOf({ app, settings, dialect }: Site): { readonly runAsUser?: number } {
  if (!dialect.pinsIds) return {};
  if (settings.runAsUser !== undefined) return { runAsUser: settings.runAsUser };
  const isOwn = imageKind(app, settings) === "launcher" || settings.image?.builder === "command";
  return isOwn ? {} : { runAsUser: usualUser };
}

interface Folder {
  readonly name: string;
  readonly path: string;
}

/** Folders that the app may write to, whatever its root. */
function writableFolders({ settings }: Site): readonly Folder[] {
  const own = settings.writable.toSorted().map((path, index) => ({ name: `writable-${index + 1}`, path }));
  const isThere = own.some(({ path }) => path === "/tmp");
  return settings.readOnlyRoot && !isThere ? [{ name: "tmp", path: "/tmp" }, ...own] : own;
}

interface Wish {
  /** Name of the container. */
  readonly name: string;
  /** `command` and `args`. */
  readonly command: Fields;
  readonly size: ReturnType<typeof sizeOf>;
  /** Variables of its own, before those of services. */
  readonly variables?: readonly InputValue[];
  /** Probes, ports and the like of the container. */
  readonly container?: Fields;
  /** Fields of the pod's specification. */
  readonly pod?: Fields;
  /** Opens ports below 1024 without rights. */
  readonly lowPort?: number;
}

/** The specification of a pod that runs one container of the app. */
export function podSpec(site: Site, wish: Wish): { readonly [field: string]: InputValue } {
  const { app, settings } = site;
  const { pullPolicy, pullSecret } = settings.image ?? {};
  const folders = writableFolders(site);
  const variables = [...(wish.variables ?? []), ...serviceVariables(site)];
  const lowPort =
    wish.lowPort === undefined
      ? {}
      : { sysctls: [{ name: "net.ipv4.ip_unprivileged_port_start", value: `${wish.lowPort}` }] };
  return defined({
    serviceAccountName: baseName(app, settings),
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    imagePullSecrets: pullSecret === undefined ? undefined : [{ name: pullSecret }],
    securityContext: { ...podSecurity, ...userOf(site), ...lowPort },
    containers: [
      defined({
        name: wish.name,
        image: imageOf(site),
        // Built images are named by digest: what a node has is what is meant.
        imagePullPolicy: pullPolicy ?? (isBuilt(site) ? "IfNotPresent" : undefined),
        ...wish.command,
        env: variables.length === 0 ? undefined : variables,
        envFrom: environmentOf(site),
        resources: resourcesOf(wish.size),
        securityContext: containerSecurity(settings.readOnlyRoot),
        volumeMounts:
          folders.length === 0 ? undefined : folders.map(({ name, path }) => ({ name, mountPath: path })),
        ...wish.container,
      }),
    ],
    volumes:
      folders.length === 0
        ? undefined
        : folders.map(({ name }) => ({ name, emptyDir: { sizeLimit: wish.size.diskLimit } })),
    ...wish.pod,
  });
}
