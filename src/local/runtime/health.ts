import { get } from "node:http";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { HealthCheck } from "./contract.ts";

/** Where instances listen, as their router sees them. */
export const instanceAddress = "127.0.0.1";

/** How often a start is looked at: a failover waits for the app, not for our clock. */
const startPollMs = 20;
/** A process without a port counts as up once it has lived this long: enough to see a command that isn't there. */
const aliveAfterMs = 100;
const answerLimitMs = 1_000;

/** Whether something accepts connections. */
function acceptsConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: instanceAddress, port, timeout: answerLimitMs });
    const end = (result: boolean): void => {
      socket.destroy();
      resolve(result);
    };
    socket.once("connect", () => end(true));
    socket.on("error", () => end(false));
    socket.once("timeout", () => end(false));
  });
}

/** Whether a GET is answered with exactly 200, as Cloud Foundry asks for. */
function answersOk(port: number, path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const options = { host: instanceAddress, port, path, agent: false, timeout: answerLimitMs } as const;
    const request = get(options, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.once("timeout", () => request.destroy(new Error("no answer in time")));
    request.on("error", () => resolve(false));
  });
}

/** A wait that an aborted signal only shortens. */
async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await delay(milliseconds, undefined, { signal }).catch(() => {});
}

/** Whether a process that has just started becomes healthy within its time; false too once the signal aborts. */
export async function becomesHealthy(
  health: HealthCheck,
  port: number,
  signal: AbortSignal,
): Promise<boolean> {
  if (health.type === "process") {
    await pause(aliveAfterMs, signal);
    return !signal.aborted;
  }
  const end = performance.now() + health.startTimeoutSeconds * 1_000;
  while (!signal.aborted && performance.now() < end) {
    const isHealthy =
      health.type === "port" ? await acceptsConnections(port) : await answersOk(port, health.path);
    if (isHealthy) return true;
    await pause(startPollMs, signal);
  }
  return false;
}

/** Settles with true once a healthy process fails its check, with false when the signal aborts. Only HTTP is asked on. */
export async function becomesSick(health: HealthCheck, port: number, signal: AbortSignal): Promise<boolean> {
  if (health.type !== "http") return false;
  while (!signal.aborted) {
    await pause(health.intervalSeconds * 1_000, signal);
    if (!signal.aborted && !(await answersOk(port, health.path))) return !signal.aborted;
  }
  return false;
}
