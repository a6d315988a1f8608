import { z } from "zod";
import { UnsupportedError } from "../../../src/base/errors.ts";
import { nearest } from "../../../src/base/nearest.ts";

/** Where the objects of one kind are found. */
export interface ResourceType {
  /** As in addresses, e.g. `deployments`. */
  readonly plural: string;
  readonly namespaced: boolean;
}

/** Reads a path of the API; undefined for one that isn't there. */
export type Read = (path: string, accept?: string) => Promise<unknown>;

const listShape = z.object({
  resources: z.array(z.object({ name: z.string(), kind: z.string(), namespaced: z.boolean() })).nullish(),
});
type Listed = NonNullable<z.output<typeof listShape>["resources"]>;

/** Aggregated discovery: every kind of every group in one answer (since Kubernetes 1.26). */
const everythingType = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
const everythingShape = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string().default("") }).prefault({}),
      versions: z
        .array(
          z.object({
            version: z.string(),
            resources: z
              .array(z.object({ responseKind: z.object({ kind: z.string() }).nullish() }))
              .nullish(),
          }),
        )
        .nullish(),
    }),
  ),
});

/** `apps` and `v1` of `apps/v1`; the core group is empty. */
export function groupOf(apiVersion: string): string {
  return apiVersion.includes("/") ? (apiVersion.split("/")[0] ?? "") : "";
}

/** `/apis/apps/v1`, or `/api/v1` for the core group. */
export function pathOfVersion(apiVersion: string): string {
  return apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}

/** Which kinds a server has and what they are called in its addresses. Asked for once a group and version, and again when a kind is missing. */
export class Discovery {
  readonly #known = new Map<string, Promise<Listed | undefined>>();

  /** @throws UnsupportedError `unknown-kind`, naming what the server has in its place. */
  async find(apiVersion: string, kind: string, read: Read): Promise<ResourceType> {
    // What another call has begun may fail for that call's own reasons, e.g. its time.
    const known = await this.#known.get(apiVersion)?.catch(() => undefined);
    const found = typeOf(known, kind);
    if (found !== undefined) return found;
    // A definition may have come since the last look.
    const listed = await this.#list(apiVersion, read);
    const fresh = typeOf(listed, kind);
    if (fresh !== undefined) return fresh;
    throw await unknownKind(apiVersion, kind, listed, read);
  }

  #list(apiVersion: string, read: Read): Promise<Listed | undefined> {
    const reading = read(pathOfVersion(apiVersion)).then((answer) =>
      answer === undefined ? undefined : (listShape.parse(answer).resources ?? []),
    );
    this.#known.set(apiVersion, reading);
    reading.catch(() => this.#known.delete(apiVersion));
    return reading;
  }
}

async function unknownKind(
  apiVersion: string,
  kind: string,
  listed: Listed | undefined,
  read: Read,
): Promise<UnsupportedError> {
  const everything = await everythingAt(read);
  const group = groupOf(apiVersion);
  // A kind of that name in another group is another thing, but for those that have left the first common group.
  const same = everything
    .filter((item) => item.kind === kind && (group === "extensions" || groupOf(item.apiVersion) === group))
    .map((item) => item.apiVersion);
  const versions = [
    ...new Set(everything.map((item) => item.apiVersion).filter((version) => groupOf(version) === group)),
  ];
  const options = { code: "unknown-kind", path: `${apiVersion} ${kind}` };
  const message = `The cluster has no kind ${kind} of ${apiVersion}.`;
  if (same.length > 0) {
    return new UnsupportedError(`${message} It has ${kind} of ${same.join(", ")}.`, {
      ...options,
      suggestion: "Use a version that this cluster has: each drops old ones in time.",
    });
  }
  if (listed === undefined && versions.length === 0) {
    return new UnsupportedError(`${message} It has nothing of the group '${group}'.`, {
      ...options,
      suggestion: `Install what brings it (its CustomResourceDefinitions), or do without: \`kubectl get crd\` lists what is there.`,
    });
  }
  const kinds = everything.filter((item) => versions.includes(item.apiVersion)).map((item) => item.kind);
  const meant = nearest(kind, kinds);
  return new UnsupportedError(`${message} Of that group it has ${versions.join(", ")}.`, {
    ...options,
    ...(meant === undefined ? {} : { suggestion: `Did you mean ${meant}?` }),
  });
}

/** Only for an error's text: it has to do without when the server can't tell. */
async function everythingAt(
  read: Read,
): Promise<readonly { readonly apiVersion: string; readonly kind: string }[]> {
  const answers = await Promise.all(
    ["/api", "/apis"].map((path) => read(path, everythingType).catch(() => undefined)),
  );
  return answers.flatMap((answer) => {
    const groups = everythingShape.safeParse(answer);
    if (!groups.success) return [];
    return groups.data.items.flatMap(({ metadata, versions }) =>
      (versions ?? []).flatMap(({ version, resources }) => {
        const apiVersion = metadata.name === "" ? version : `${metadata.name}/${version}`;
        return (resources ?? []).flatMap(({ responseKind }) =>
          responseKind == null ? [] : [{ apiVersion, kind: responseKind.kind }],
        );
      }),
    );
  });
}

function typeOf(listed: Listed | undefined, kind: string): ResourceType | undefined {
  // Subresources have a slash in their names, and may be of the same kind.
  const found = listed?.find((item) => item.kind === kind && !item.name.includes("/"));
  return found === undefined ? undefined : { plural: found.name, namespaced: found.namespaced };
}
