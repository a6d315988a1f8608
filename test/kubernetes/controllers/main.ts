import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { parse } from "yaml";
import { Api, type ApiAccess } from "./api.ts";
import { type Claim, paths, type Volume, type World } from "./objects.ts";
import { createProxy } from "./proxy.ts";
import { missingStatuses } from "./status.ts";
import { lookUp } from "./table.ts";
import { VolumeKeeper } from "./volumes.ts";

// What a cluster in a cloud has besides Kubernetes itself: controllers of Ingresses, of OpenShift's Routes, of load
// balancers and of volumes.
// Usage: node main.ts --kubeconfig FILE --address IP --port PORT --routes-port PORT --balancers THREE.NUMBERS.OF
//   --node NAME --volumes FOLDER

const { values } = parseArgs({
  options: {
    kubeconfig: { type: "string" },
    address: { type: "string" },
    port: { type: "string" },
    "routes-port": { type: "string" },
    balancers: { type: "string" },
    node: { type: "string" },
    volumes: { type: "string" },
  },
});
const { kubeconfig = "", address = "127.0.0.1", port = "80", balancers = "" } = values;
const routesPort = values["routes-port"] ?? "8080";

/** The certificate is in the file only once the server has made it. */
async function accessFrom(path: string): Promise<ApiAccess> {
  for (;;) {
    const { clusters, users } = parse(await readFile(path, "utf8"));
    const { server, "certificate-authority-data": ca } = clusters[0].cluster;
    if (ca !== undefined)
      return { url: server, token: users[0].user.token, ca: Buffer.from(ca, "base64").toString() };
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

const api = new Api(await accessFrom(kubeconfig));
const world: World = { ingresses: new Map(), routes: new Map(), services: new Map(), slices: new Map() };

let writing = Promise.resolve();
function changed(): void {
  writing = writing.then(async () => {
    for (const { path, status } of missingStatuses(world, { ingress: address, loadBalancers: balancers })) {
      await api
        .mergeStatus(path, status)
        .catch((error: unknown) => process.stderr.write(`${String(error)}\n`));
    }
  });
}

const { ingresses, routes, services, slices } = world;
// Two controllers: a host name that one of them serves may stand for something else at the other.
createProxy((host, path) => lookUp({ ...world, routes: new Map() }, host, path)).listen(
  Number(port),
  address,
);
createProxy((host, path) => lookUp({ ...world, ingresses: new Map() }, host, path)).listen(
  Number(routesPort),
  address,
);
const claims = new Map<string, Claim>();
const volumes = new Map<string, Volume>();
const keeper = new VolumeKeeper(api, values.node ?? "", values.volumes ?? "");
const kept = () => keeper.changed(claims.values(), volumes.values());

await Promise.all([
  api.follow(paths.ingresses, ingresses, changed),
  api.follow(paths.routes, routes, changed),
  api.follow(paths.services, services, changed),
  api.follow(paths.slices, slices, changed),
  api.follow(paths.claims, claims, kept),
  api.follow(paths.volumes, volumes, kept),
]);
