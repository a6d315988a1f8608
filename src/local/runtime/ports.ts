import { randomInt } from "node:crypto";
import { createServer } from "node:net";
import { UnderstudyError } from "../../base/errors.ts";

/** Below the range from which systems take the ports of outgoing connections, so that none of them sits on ours. */
const lowest = 20_000;
const highest = 32_000;

/** Whether a TCP port can be listened on; any failure counts as no. */
export function isFree(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ host: address, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** Gives out ports that are free now, none twice until it is given back. */
export interface Ports {
  take(address: string): Promise<number>;
  giveBack(port: number): void;
}

export function createPorts(): Ports {
  const taken = new Set<number>();
  return {
    take: async (address) => {
      for (let attempt = 0; attempt < 200; attempt++) {
        const port = randomInt(lowest, highest);
        if (taken.has(port)) continue;
        taken.add(port);
        if (await isFree(address, port)) return port;
        taken.delete(port);
      }
      throw new UnderstudyError(
        `No free TCP port was found on ${address} between ${lowest} and ${highest}.`,
        {
          code: "no-free-port",
        },
      );
    },
    giveBack: (port) => {
      taken.delete(port);
    },
  };
}
