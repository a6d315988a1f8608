import type { FaceKind } from "../face.ts";
import type { RoutedRequest, RouterErrorKind, RuntimeFlavour } from "../runtime/contract.ts";
import { dynoName } from "./log-lines.ts";

interface RouterError {
  /** Dev Center, "Error Codes". */
  readonly code: string;
  readonly description: string;
  readonly status: number;
}

const routerErrors: Readonly<Record<RouterErrorKind, RouterError>> = {
  "unknown-host": { code: "", description: "No such app", status: 404 },
  "no-instances": { code: "H14", description: "No web processes running", status: 503 },
  starting: { code: "H20", description: "App boot timeout", status: 503 },
  crashed: { code: "H10", description: "App crashed", status: 503 },
  refused: { code: "H21", description: "Backend connection refused", status: 503 },
  "connect-timeout": { code: "H19", description: "Backend connection timeout", status: 503 },
  "first-byte-timeout": { code: "H12", description: "Request timeout", status: 503 },
  closed: { code: "H13", description: "Connection closed without response", status: 503 },
  maintenance: { code: "H80", description: "Maintenance mode", status: 503 },
  "platform-error": { code: "H99", description: "Platform error", status: 503 },
};

function page(title: string, text: string): string {
  return `<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>${title}</title></head>
<body><h1>${title}</h1><p>${text}</p></body>
</html>
`;
}

function errorPage(kind: RouterErrorKind): ReturnType<RuntimeFlavour["errorPage"]> {
  const { status } = routerErrors[kind];
  const headers = { "content-type": "text/html; charset=utf-8", "cache-control": "no-cache, no-store" };
  if (kind === "unknown-host")
    return { status, headers, body: page("No such app", "No app has this host name.") };
  const body =
    kind === "maintenance"
      ? page(
          "Offline for Maintenance",
          "This application is undergoing maintenance. Please check back later.",
        )
      : page("Application error", "An error occurred in the application and this page could not be served.");
  return { status, headers, body };
}

/** The router's line for one request (Dev Center, "HTTP Routing"); `dyno`, `connect` and `service` may be empty. */
function accessLine(request: RoutedRequest): string {
  const { instance, error } = request;
  const { code, description } = error === undefined ? { code: "", description: "" } : routerErrors[error];
  const failure = error === undefined ? "at=info" : `at=error code=${code} desc="${description}"`;
  const dyno = instance === undefined ? "" : dynoName(instance.type, instance.index);
  const took = (milliseconds: number): string =>
    instance === undefined ? "" : `${Math.round(milliseconds)}ms`;
  return [
    failure,
    `method=${request.method}`,
    `path="${request.path}"`,
    `host=${request.host}`,
    `request_id=${request.requestId}`,
    `fwd="${request.forwardedFor}"`,
    `dyno=${dyno}`,
    `connect=${took(request.connectMs)}`,
    `service=${took(request.serviceMs)}`,
    `status=${request.status}`,
    `bytes=${request.bytes}`,
    "protocol=http",
  ].join(" ");
}

export const flavour: FaceKind["flavour"] = ({ address, routerPort }) => ({
  address,
  routerPort,
  instanceEnv: ({ type, index, port }) => ({ DYNO: dynoName(type, index), PORT: String(port) }),
  stopGraceMs: 30_000,
  sourceName: (type, index) => `app[${dynoName(type, index)}]`,
  via: "1.1 vegur",
  firstByteMs: 30_000,
  errorPage,
  accessLine,
});
