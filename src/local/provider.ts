import { messageOf, UnderstudyError } from "../base/errors.ts";
import { openAdminServer } from "./admin.ts";
import { openApiServer } from "./api-server.ts";
import type { FaceKind } from "./face.ts";
import { type ProviderConfig, readProviderConfig } from "./provider-config.ts";
import { createRuntime, type OwnRuntime } from "./runtime/runtime.ts";

/** Only the one that is needed is loaded: a start is to be quick. */
const kinds: Readonly<Record<ProviderConfig["name"], () => Promise<FaceKind>>> = {
  heroku: async () => (await import("./heroku/face.ts")).heroku,
  cloudfoundry: async () => (await import("./cloudfoundry/face.ts")).cloudfoundry,
};

interface Provider {
  readonly runtime: OwnRuntime;
  close(): Promise<void>;
}

async function openProvider(config: ProviderConfig): Promise<Provider> {
  const kind = await kinds[config.name]();
  const { dnsZone, credentials, router } = config;
  const options = { url: `http://localhost:${config.api.port}`, dnsZone, credentials };
  const flavour = kind.flavour({ address: router.address, routerPort: router.port, options });
  const runtime = await createRuntime({ folder: config.folder, flavour });
  try {
    const face = await kind.open(runtime, options);
    const servers = await Promise.all([
      openApiServer(face, runtime.faults, config.api),
      openAdminServer(runtime.faults, config.admin),
    ]);
    return {
      runtime,
      close: async () => {
        await Promise.all(servers.map((server) => server.close()));
        await face.close();
        await runtime.close();
      },
    };
  } catch (error) {
    await runtime.close();
    throw error;
  }
}

/**
 * One provider as a process of its own: `node src/local/provider.ts CONFIG.json` (the file's shape:
 * provider-config.ts). Once it answers it prints one line of JSON, `{"pid"}`; what keeps it from that, `{"error"}` with
 * code, message and suggestion, and ends with 1. SIGTERM and SIGINT end it, its apps first.
 */
async function main(file: string | undefined): Promise<void> {
  if (file === undefined) throw new Error("Usage: node src/local/provider.ts CONFIG.json");
  const provider = await openProvider(await readProviderConfig(file));
  let isEnding = false;
  const end = (): void => {
    if (isEnding) return;
    isEnding = true;
    provider.close().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`${messageOf(error)}\n`);
        process.exit(1);
      },
    );
  };
  process.on("SIGTERM", end);
  process.on("SIGINT", end);
  process.stdout.write(`${JSON.stringify({ pid: process.pid })}\n`);
  // Only now: it takes a while, and nobody waits for it yet.
  provider.runtime.warm();
}

await main(process.argv[2]).catch((error: unknown) => {
  const { code, suggestion } =
    error instanceof UnderstudyError ? error : { code: "internal", suggestion: undefined };
  process.stdout.write(
    `${JSON.stringify({ error: { code, message: messageOf(error), suggestion } })}\n`,
    () => process.exit(1),
  );
});
