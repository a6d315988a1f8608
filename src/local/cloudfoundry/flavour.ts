import { createHash } from "node:crypto";
import type { FaceOptions } from "../face.ts";
import type { RoutedRequest, RouterErrorKind, RuntimeFlavour } from "../runtime/contract.ts";

interface RouterError {
  readonly status: number;
  /** `X-Cf-RouterError` (gorouter, handlers and proxy/round_tripper). */
  readonly code: string;
  readonly text: (host: string) => string;
}

const unknownRoute: RouterError = {
  status: 404,
  code: "unknown_route",
  text: (host) => `404 Not Found: Requested route ('${host}') does not exist.\n`,
};
const badGateway: RouterError = {
  status: 502,
  code: "endpoint_failure",
  text: () => "502 Bad Gateway: Registered endpoint failed to handle the request.\n",
};

/** A route without live instances is unknown to the router: instances are what registers it. */
const routerErrors: Readonly<Record<RouterErrorKind, RouterError>> = {
  "unknown-host": unknownRoute,
  "no-instances": unknownRoute,
  starting: unknownRoute,
  crashed: unknownRoute,
  maintenance: unknownRoute,
  refused: badGateway,
  "connect-timeout": badGateway,
  closed: badGateway,
  "first-byte-timeout": {
    status: 504,
    code: "endpoint_failure (context deadline exceeded)",
    text: () => "504 Gateway Timeout: Registered endpoint failed to handle the request.\n",
  },
  "platform-error": {
    status: 503,
    code: "no_endpoints",
    text: (host) => `503 Service Unavailable: Requested route ('${host}') has no available endpoints.\n`,
  },
};

/** A line of gorouter's access log (gorouter, accesslog/schema). */
function accessLine(request: RoutedRequest): string {
  const seconds = (request.connectMs + request.serviceMs) / 1000;
  const index = request.instance?.index;
  const now = new Date().toISOString();
  return [
    `${request.host} - [${now}] "${request.method} ${request.path} HTTP/1.1" ${request.status} 0 ${request.bytes}`,
    `"-" "-" "${request.forwardedFor}" "-" x_forwarded_for:"${request.forwardedFor}"`,
    `x_forwarded_proto:"http" vcap_request_id:"${request.requestId}" response_time:${seconds.toFixed(6)}`,
    `app_id:"${request.app ?? "-"}" app_index:"${index ?? "-"}" x_cf_routererror:"${
      request.error === undefined ? "-" : routerErrors[request.error].code
    }"`,
  ].join(" ");
}

/** The same text always has the same guid. */
function guidOf(text: string): string {
  const hex = createHash("sha256").update(text).digest("hex");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, "$1-$2-$3-$4-$5");
}

/** What a cell gives an instance, and how gorouter answers (docs-dev-guide, environment variables; gorouter). */
export function flavour(place: {
  readonly address: string;
  readonly routerPort: number;
  readonly options: FaceOptions;
}): RuntimeFlavour {
  const { address, routerPort } = place;
  return {
    address,
    routerPort,
    instanceEnv: ({ app, type, index, port }) => ({
      PORT: String(port),
      // A container has an address of its own; here all share the loopback.
      VCAP_APP_HOST: "127.0.0.1",
      VCAP_APP_PORT: String(port),
      CF_INSTANCE_ADDR: `${address}:${port}`,
      CF_INSTANCE_PORT: String(port),
      CF_INSTANCE_PORTS: JSON.stringify([{ external: port, internal: port }]),
      CF_INSTANCE_GUID: guidOf(`${app}/${type}/${index}`),
      CF_INSTANCE_INDEX: String(index),
      CF_INSTANCE_IP: address,
      CF_INSTANCE_INTERNAL_IP: address,
      INSTANCE_INDEX: String(index),
    }),
    stopGraceMs: 10_000,
    sourceName: (type, index) => `APP/PROC/${type.toUpperCase()}/${index}`,
    via: undefined,
    firstByteMs: 900_000,
    errorPage(kind, host) {
      const { status, code, text } = routerErrors[kind];
      return {
        status,
        headers: { "X-Cf-RouterError": code, "Content-Type": "text/plain; charset=utf-8" },
        body: text(host),
      };
    },
    accessLine,
  };
}
