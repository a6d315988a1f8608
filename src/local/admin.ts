import { timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { UnderstudyError } from "../base/errors.ts";
import { httpSend, parseJsonBody } from "../base/http.ts";
import type { ProviderConfig } from "./provider-config.ts";
import type { FaultState, Faults } from "./runtime/contract.ts";
import { type HttpServer, openHttpServer } from "./runtime/http-server.ts";

const stateSchema = z.strictObject({
  down: z.array(z.enum(["all", "control", "routing", "database"])),
  slowMs: z.number().min(0).max(600_000),
  errorRate: z.number().min(0).max(1),
});

function isAllowed(request: IncomingMessage, token: string): boolean {
  const given = Buffer.from(request.headers.authorization ?? "");
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  faults: Faults,
  token: string,
): Promise<void> {
  const send = (status: number, body: unknown): void => {
    response.writeHead(status, { "Content-Type": "application/json" });
    response.end(JSON.stringify(body));
  };
  if (!isAllowed(request, token)) return send(401, { message: "The token is missing or wrong." });
  if (request.url !== "/faults") return send(404, { message: "There is only /faults." });
  if (request.method === "GET") return send(200, faults.state);
  if (request.method !== "PATCH") return send(405, { message: "Only GET and PATCH." });
  try {
    const change = stateSchema.partial().parse(JSON.parse(await text(request)));
    await faults.set(change as Partial<FaultState>);
    send(200, faults.state);
  } catch (error) {
    send(422, { message: error instanceof z.ZodError ? z.prettifyError(error) : String(error) });
  }
}

type AdminAddress = ProviderConfig["admin"];

/** The way in for faults. It is none of the platform's API, and never fails on purpose itself. */
export async function openAdminServer(
  faults: Faults,
  { address, port, token }: AdminAddress,
): Promise<HttpServer> {
  return await openHttpServer({
    address,
    port,
    handle: (request, response) => void answer(request, response, faults, token),
  });
}

/** Changes a provider's faults (nothing to change = reads them), and gives them as they are then. Throws `http-unreachable` when it doesn't run. */
export async function changeFaults(
  admin: AdminAddress,
  change: Partial<FaultState> = {},
): Promise<FaultState> {
  const isRead = Object.keys(change).length === 0;
  const request = {
    method: isRead ? "GET" : "PATCH",
    url: `http://${admin.address}:${admin.port}/faults`,
    headers: { Authorization: `Bearer ${admin.token}` },
    ...(isRead ? {} : { body: JSON.stringify(change) }),
  };
  const response = await httpSend(request);
  const body = parseJsonBody(request, response);
  if (response.status === 200) return stateSchema.parse(body);
  const { message } = z.object({ message: z.string() }).parse(body);
  throw new UnderstudyError(`The fault was not set: ${message}`, { code: "bad-fault" });
}
