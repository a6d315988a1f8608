import type { MiddlewareHandler } from "hono";
import type { Cloud } from "./cloud.ts";
import { rateLimited } from "./errors.ts";

/** The controller's limit for one user, with its headers; off unless asked for (cloud_controller_ng, rate_limiter.rb). */
export function rateLimit(cloud: Cloud, requestsPerHour: number): MiddlewareHandler {
  const hour = 3_600_000;
  let until = 0;
  let used = 0;
  return async (c, next) => {
    const now = cloud.clock.now();
    if (now >= until) {
      until = now + hour;
      used = 0;
    }
    used += 1;
    const headers = {
      "X-RateLimit-Limit": String(requestsPerHour),
      "X-RateLimit-Remaining": String(Math.max(0, requestsPerHour - used)),
      "X-RateLimit-Reset": String(Math.ceil(until / 1000)),
    };
    if (used > requestsPerHour) {
      // The controller types this answer text/plain although it is JSON.
      const wait = String(Math.ceil((until - now) / 1000));
      return c.body(JSON.stringify(rateLimited().body), 429, {
        ...headers,
        "Retry-After": wait,
        "Content-Type": "text/plain; charset=utf-8",
      });
    }
    await next();
    for (const [name, value] of Object.entries(headers)) c.res.headers.set(name, value);
    return undefined;
  };
}
