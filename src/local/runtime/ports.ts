import { randomInt } from "node:crypto";
import { createServer, type Server } from "node:net";
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

/**
 * Claims a port among all that look for one on this machine, by a name that Linux knows for as long as this process lives
 * (unix(7), abstract sockets); elsewhere nothing is claimed. Undefined when somebody has it.
 */
function claim(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const claimed = createServer().unref();
    claimed.once("error", ({ code }: NodeJS.ErrnoException) => {
      resolve(code === "EADDRINUSE" ? undefined : claimed);
    });
    claimed.listen({ path: `\0understudy-port-${port}` }, () => resolve(claimed));
  });
}

/** Gives out ports that are free now, none twice until it is given back. */
export interface Ports {
  take(address: string): Promise<number>;
  giveBack(port: number): void;
}

export function createPorts(): Ports {
  const taken = new Map<number, Server>();
  return {
    take: async (address) => {
      for (let attempt = 0; attempt < 200; attempt++) {
        const port = randomInt(lowest, highest);
        const claimed = await claim(port);
        if (claimed === undefined) continue;
        if (await isFree(address, port)) {
          taken.set(port, claimed);
          return port;
        }
        claimed.close();
      }
      throw new UnderstudyError(
        `No free TCP port was found on ${address} between ${lowest} and ${highest}.`,
        {
          code: "no-free-port",
        },
      );
    },
    giveBack: (port) => {
      taken.get(port)?.close();
      taken.delete(port);
    },
  };
}
