import { isPublic } from "../../../src/app/roles.ts";
import type { Process } from "../../../src/app/schema.ts";

/** Seconds: the longest that a start may take (cloud_controller_ng, maximum_health_check_timeout). */
const longestStart = 180;

/** How a process is checked. */
export interface Health {
  readonly type: "port" | "process" | "http";
  readonly endpoint: string | null;
  readonly timeout: number | null;
  readonly invocationTimeout: number | null;
  readonly interval: number | null;
}

const whole = (seconds: number) => Math.max(1, Math.ceil(seconds));

/** Cloud Foundry's check for a process: http where the app says where, else its port, else that it lives. */
export function healthOf(name: string, process: Process): Health {
  const health = process.http?.health;
  if (health !== undefined) {
    return {
      type: "http",
      endpoint: health.path,
      timeout: Math.min(longestStart, whole(health.graceSeconds)),
      invocationTimeout: whole(health.timeoutSeconds),
      interval: whole(health.intervalSeconds),
    };
  }
  const type = isPublic(name, process) || process.http !== undefined ? "port" : "process";
  return { type, endpoint: null, timeout: null, invocationTimeout: null, interval: null };
}

/** Memory in MB: as stated, else of the hint for this platform (`512M`, `1G`), else null. */
export function memoryOf({ size }: Process): number | null {
  if (size.memoryMb !== undefined) return size.memoryMb;
  const [, number, unit] = /^(\d+)\s*([MG])B?$/i.exec(size.plan?.cloudfoundry ?? "") ?? [];
  return number === undefined ? null : Number(number) * (unit?.toUpperCase() === "G" ? 1024 : 1);
}
