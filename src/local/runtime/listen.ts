import type { AddressInfo, Server } from "node:net";
import { UnderstudyError } from "../../base/errors.ts";

function listenError(error: NodeJS.ErrnoException, address: string, port: number): Error {
  if (error.code === "EADDRINUSE") {
    return new UnderstudyError(`Port ${port} of ${address} is in use by another process.`, {
      code: "port-in-use",
      cause: error,
      suggestion: "End that process, or choose another port.",
    });
  }
  if (error.code === "EADDRNOTAVAIL") {
    return new UnderstudyError(`This machine has no address ${address}.`, {
      code: "address-unavailable",
      cause: error,
      // Linux has all of 127.0.0.0/8 from the start; macOS has 127.0.0.1 only.
      suggestion: `Add it to the loopback interface; on macOS: sudo ifconfig lo0 alias ${address} up`,
    });
  }
  if (error.code === "EACCES") {
    return new UnderstudyError(`Port ${port} of ${address} may not be listened on by this user.`, {
      code: "port-forbidden",
      cause: error,
      suggestion: "Choose a port above 1023.",
    });
  }
  return error;
}

/** Listens and gives the port (chosen by the system for port 0). Throws `port-in-use`, `address-unavailable` or `port-forbidden`. */
export function listen(server: Server, address: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const refuse = (error: NodeJS.ErrnoException): void => reject(listenError(error, address, port));
    server.once("error", refuse);
    server.listen({ host: address, port, exclusive: true }, () => {
      server.off("error", refuse);
      resolve((server.address() as AddressInfo).port);
    });
  });
}
