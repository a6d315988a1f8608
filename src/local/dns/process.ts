import { messageOf } from "../../base/errors.ts";
import { readDnsConfig } from "./config.ts";
import { startDnsServer } from "./server.ts";

/**
 * The local name server as a process of its own: `node src/local/dns/process.ts CONFIG.json` (the file's shape:
 * `dnsConfigSchema` in config.ts). Once it answers it prints one line of JSON, `{"address", "port", "pid"}`, to stdout.
 * SIGTERM and SIGINT end it with 0. SIGHUP makes it read the file again: static zones and `faults` are taken from it.
 * What keeps it from starting goes to stderr in one line, with exit code 1.
 */
async function main(file: string | undefined): Promise<void> {
  if (file === undefined) throw new Error("Usage: node src/local/dns/process.ts CONFIG.json");
  const server = await startDnsServer(await readDnsConfig(file));
  const end = (): void => {
    server.close().then(
      () => process.exit(0),
      (error: unknown) => fail(error),
    );
  };
  process.once("SIGTERM", end);
  process.once("SIGINT", end);
  process.on("SIGHUP", () => {
    readDnsConfig(file)
      .then((config) => server.reload(config))
      .catch((error: unknown) => process.stderr.write(`${messageOf(error)}\n`));
  });
  const { address, port } = server;
  process.stdout.write(`${JSON.stringify({ address, port, pid: process.pid })}\n`);
}

function fail(error: unknown): void {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exit(1);
}

await main(process.argv[2]).catch(fail);
