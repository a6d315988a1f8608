/** Where a route leads. */
export interface RouteTarget {
  readonly app: string;
  readonly type: string;
}

/** The name of a Host header: lower case, without port and closing dot. */
export function hostOf(header: string | undefined): string {
  return (header ?? "").toLowerCase().replace(/:\d*$/, "").replace(/\.$/, "");
}

function covers(path: string, requested: string): boolean {
  if (path === "" || requested === path) return true;
  return requested.startsWith(path) && "/?#".includes(requested.charAt(path.length));
}

/** Hosts and paths, and where they lead. */
export class RouteTable {
  readonly #hosts = new Map<string, Map<string, RouteTarget>>();

  set(host: string, path: string | undefined, target: RouteTarget): void {
    const name = hostOf(host);
    const paths = this.#hosts.get(name) ?? new Map<string, RouteTarget>();
    paths.set(normalPath(path), target);
    this.#hosts.set(name, paths);
  }

  delete(host: string, path: string | undefined): void {
    const paths = this.#hosts.get(hostOf(host));
    paths?.delete(normalPath(path));
    if (paths?.size === 0) this.#hosts.delete(hostOf(host));
  }

  /** By the host itself, then by wildcards from the nearest; of the paths that cover the request the longest. */
  find(host: string, requested: string): RouteTarget | undefined {
    for (const name of candidates(host)) {
      const paths = [...(this.#hosts.get(name) ?? [])].filter(([path]) => covers(path, requested));
      paths.sort(([a], [b]) => b.length - a.length);
      const [best] = paths;
      if (best !== undefined) return best[1];
    }
    return undefined;
  }
}

function normalPath(path: string | undefined): string {
  return (path ?? "").replace(/\/+$/, "");
}

function candidates(host: string): readonly string[] {
  const labels = host.split(".");
  return [host, ...labels.slice(1).map((_, index) => `*.${labels.slice(index + 1).join(".")}`)];
}
