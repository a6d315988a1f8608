import { describe, expect, it } from "vitest";
import { heroku } from "../../../src/local/heroku/face.ts";
import type { RoutedRequest, RouterErrorKind } from "../../../src/local/runtime/contract.ts";

const flavour = heroku.flavour({
  address: "127.0.0.1",
  routerPort: 0,
  options: {
    url: "http://localhost:1",
    dnsZone: "herokudns.test",
    credentials: { username: "dev", secret: "key" },
  },
});

const request: RoutedRequest = {
  app: "an-app",
  method: "GET",
  path: "/cart?id=1",
  host: "www.example.com",
  requestId: "r-1",
  forwardedFor: "203.0.113.5",
  instance: { type: "web", index: 0 },
  connectMs: 0.4,
  serviceMs: 12.3,
  status: 200,
  bytes: 512,
  error: undefined,
};

describe("Heroku's flavour of the runtime", () => {
  it("names dynos from 1, in the environment and in logs", () => {
    expect(flavour.instanceEnv({ app: "a", type: "web", index: 1, port: 4000 })).toEqual({
      DYNO: "web.2",
      PORT: "4000",
    });
    expect(flavour.sourceName("worker", 0)).toBe("app[worker.1]");
  });

  it("writes the router's line", () => {
    expect(flavour.accessLine(request)).toBe(
      'at=info method=GET path="/cart?id=1" host=www.example.com request_id=r-1 fwd="203.0.113.5" dyno=web.1 connect=0ms service=12ms status=200 bytes=512 protocol=http',
    );
  });

  it.each<[RouterErrorKind, string, number]>([
    ["crashed", 'code=H10 desc="App crashed"', 503],
    ["first-byte-timeout", 'code=H12 desc="Request timeout"', 503],
    ["closed", 'code=H13 desc="Connection closed without response"', 503],
    ["no-instances", 'code=H14 desc="No web processes running"', 503],
    ["connect-timeout", 'code=H19 desc="Backend connection timeout"', 503],
    ["starting", 'code=H20 desc="App boot timeout"', 503],
    ["refused", 'code=H21 desc="Backend connection refused"', 503],
    ["maintenance", 'code=H80 desc="Maintenance mode"', 503],
    ["platform-error", 'code=H99 desc="Platform error"', 503],
    ["unknown-host", "at=error", 404],
  ])("answers %s with its page and code", (error, code, status) => {
    const page = flavour.errorPage(error, "www.example.com");
    expect([page.status, page.headers["content-type"]]).toEqual([status, "text/html; charset=utf-8"]);
    const line = flavour.accessLine({ ...request, error, instance: undefined, status });
    expect(line).toContain(code);
    expect(line).toContain("dyno= connect= service= ");
  });
});
