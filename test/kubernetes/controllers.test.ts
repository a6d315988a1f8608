import { createServer, get } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { describe, expect, it, onTestFinished } from "vitest";
import type { EndpointSlice, Ingress, Route, Service, World } from "./controllers/objects.ts";
import { createProxy } from "./controllers/proxy.ts";
import { missingStatuses } from "./controllers/status.ts";
import { type Endpoint, lookUp } from "./controllers/table.ts";

const named = (name: string) => ({ name, namespace: "shop", uid: name });

function ingress(host: string, path = "/", className = "understudy"): Ingress {
  const backend = { service: { name: "web", port: { name: "http" } } };
  return {
    metadata: named("web"),
    spec: {
      ingressClassName: className,
      rules: [{ host, http: { paths: [{ path, pathType: "Prefix", backend }] } }],
    },
  };
}

const service: Service = {
  metadata: named("web"),
  spec: { type: "ClusterIP", ports: [{ name: "http", port: 80, targetPort: "http" }] },
};

function slice(name: string, addresses: readonly string[], ready = true): EndpointSlice {
  return {
    metadata: { ...named(name), labels: { "kubernetes.io/service-name": "web" } },
    endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready } })),
    ports: [{ name: "http", port: 8080 }],
  };
}

function world(parts: {
  readonly ingresses?: readonly Ingress[];
  readonly routes?: readonly Route[];
  readonly services?: readonly Service[];
  readonly slices?: readonly EndpointSlice[];
}): World {
  const byUid = <T extends { metadata: { uid: string } }>(items: readonly T[] = []) =>
    new Map(items.map((item) => [item.metadata.uid, item]));
  return {
    ingresses: byUid(parts.ingresses),
    routes: byUid(parts.routes),
    services: byUid(parts.services ?? [service]),
    slices: byUid(parts.slices ?? [slice("one", ["10.0.0.1"])]),
  };
}

const first: readonly Endpoint[] = [{ address: "10.0.0.1", port: 8080 }];

describe("the table of routes", () => {
  it("leads a host to the ready pods of its Service", () => {
    const slices = [slice("one", ["10.0.0.1"]), slice("two", ["10.0.0.2"], false)];
    const there = world({ ingresses: [ingress("a.test")], slices });
    expect(lookUp(there, "a.test", "/any")).toEqual(first);
    expect(lookUp(there, "b.test", "/any")).toBeUndefined();
  });

  it("tells a host without ready pods from one that nobody asked for", () => {
    const slices = [slice("one", ["10.0.0.1"], false)];
    expect(lookUp(world({ ingresses: [ingress("a.test")], slices }), "a.test", "/")).toEqual([]);
  });

  it("takes whole parts of a path, and one level of names for a star", () => {
    const there = world({ ingresses: [ingress("*.a.test", "/shop")] });
    expect(lookUp(there, "x.a.test", "/shop/1")).toEqual(first);
    expect(lookUp(there, "x.a.test", "/shopping")).toBeUndefined();
    expect(lookUp(there, "y.x.a.test", "/shop")).toBeUndefined();
    expect(lookUp(there, "a.test", "/shop")).toBeUndefined();
  });

  it("leaves Ingresses of other classes alone", () => {
    const there = world({ ingresses: [ingress("a.test", "/", "nginx")] });
    expect(lookUp(there, "a.test", "/")).toBeUndefined();
    expect(missingStatuses(there, { ingress: "10.1.1.1", loadBalancers: "10.2.2" })).toEqual([]);
  });

  it("takes a Route's port by the name that pods give it", () => {
    const route: Route = {
      metadata: named("web"),
      spec: { host: "a.test", to: { name: "web" }, port: { targetPort: "http" } },
    };
    expect(lookUp(world({ routes: [route] }), "a.test", "/")).toEqual(first);
  });
});

describe("statuses", () => {
  it("are written once, and give each load balancer an address of its own", () => {
    const balancer = (name: string, ip?: string): Service => ({
      metadata: named(name),
      spec: { type: "LoadBalancer" },
      ...(ip === undefined ? {} : { status: { loadBalancer: { ingress: [{ ip }] } } }),
    });
    const there = world({ services: [balancer("a"), balancer("b", "10.2.2.1"), balancer("c")] });
    const missing = missingStatuses(there, { ingress: "10.1.1.1", loadBalancers: "10.2.2" });
    expect(missing).toEqual([
      {
        path: "/api/v1/namespaces/shop/services/a",
        status: { loadBalancer: { ingress: [{ ip: "10.2.2.2" }] } },
      },
      {
        path: "/api/v1/namespaces/shop/services/c",
        status: { loadBalancer: { ingress: [{ ip: "10.2.2.3" }] } },
      },
    ]);
  });
});

describe("the proxy", () => {
  async function listening(server: ReturnType<typeof createServer>): Promise<number> {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    return (server.address() as AddressInfo).port;
  }

  const visit = (port: number) =>
    new Promise<{ status: number; body: string }>((resolve, reject) => {
      get({ host: "127.0.0.1", port, headers: { host: "a.test" }, agent: false }, async (response) => {
        resolve({ status: response.statusCode ?? 0, body: await text(response) });
      }).on("error", reject);
    });

  it("passes requests on, past a pod that takes no connection", async () => {
    const pod = createServer((request, response) => response.end(`${request.headers["x-forwarded-host"]}`));
    const podPort = await listening(pod);
    const gone = { address: "127.0.0.1", port: 1 };
    const port = await listening(createProxy(() => [gone, { address: "127.0.0.1", port: podPort }]));
    for (let visits = 0; visits < 4; visits++)
      expect(await visit(port)).toEqual({ status: 200, body: "a.test" });
  });

  it("says 404, 502 or 503 when there is nobody to ask", async () => {
    const answers: (readonly Endpoint[] | undefined)[] = [undefined, [], [{ address: "127.0.0.1", port: 1 }]];
    const port = await listening(createProxy(() => answers.shift()));
    const statuses = [await visit(port), await visit(port), await visit(port)].map(({ status }) => status);
    expect(statuses).toEqual([404, 503, 502]);
  });
});
