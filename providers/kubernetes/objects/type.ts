/** The kind of object that a resource type stands for. */
export interface ObjectType {
  /** `apps/v1`, or `v1` for the core group. */
  readonly apiVersion: string;
  readonly kind: string;
  /** Empty for the core group. */
  readonly group: string;
}

/** Groups of Kubernetes itself: for these the package has types that are no objects, such as `ConfigMapPatch`. */
const builtIn = /^$|^[a-z]+$|\.k8s\.io$/;

/** The type of a token such as `kubernetes:apps/v1:Deployment`; undefined for one that stands for no object. */
export function objectTypeOf(token: string): ObjectType | undefined {
  const match = /^kubernetes:([a-z0-9.-]+)\/(v\d+(?:(?:alpha|beta)\d+)?):([A-Z]\w*)$/.exec(token);
  const [, name, version, kind] = match ?? [];
  if (name === undefined || version === undefined || kind === undefined || name === "helm.sh")
    return undefined;
  const group = name === "core" ? "" : name;
  if (builtIn.test(group) && /(Patch|List)$/.test(kind)) return undefined;
  return { apiVersion: group === "" ? version : `${group}/${version}`, kind, group };
}
