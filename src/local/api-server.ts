import { getRequestListener } from "@hono/node-server";
import type { Face } from "./face.ts";
import type { OwnFaults } from "./runtime/faults.ts";
import { type HttpServer, openHttpServer } from "./runtime/http-server.ts";

/** Serves a face's API, with every call put through the faults first. */
export async function openApiServer(
  face: Face,
  faults: Pick<OwnFaults, "gate" | "isDown" | "onChange">,
  { address, port }: { readonly address: string; readonly port: number },
): Promise<HttpServer> {
  const answer = getRequestListener((request) => face.fetch(request));
  const server = await openHttpServer({
    address,
    port,
    isDown: () => faults.isDown("control"),
    handle: async (request, response) => {
      const gate = await faults.gate("control");
      if (gate === "reset") request.socket.resetAndDestroy();
      else if (gate === "pass") await answer(request, response);
      else {
        response.writeHead(503, { "Content-Type": "application/json" });
        response.end(JSON.stringify({ id: "service_unavailable", message: "The platform is unavailable." }));
      }
    },
  });
  faults.onChange(() => {
    if (faults.isDown("control")) server.reset();
  });
  return server;
}
