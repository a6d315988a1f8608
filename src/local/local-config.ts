import { randomBytes } from "node:crypto";
import { layout, type ProviderName } from "./layout.ts";
import type { ProviderConfig } from "./provider-config.ts";
import { createPorts, isFree, type Ports } from "./runtime/ports.ts";

/** Each provider has a loopback address of its own, so that both routers can have one port and DNS alone moves users. */
const addresses: Readonly<Record<ProviderName, string>> = {
  heroku: "127.0.10.1",
  cloudfoundry: "127.0.20.1",
};

/** Zone whose every name leads to a provider's router. */
const providerZones: Readonly<Record<ProviderName, string>> = {
  heroku: "herokudns.test",
  cloudfoundry: "cfapps.test",
};

/** Where users' own names are made. */
export const userZone = "understudy.test";
const keyName = "understudy";

const control = "127.0.0.1";

export interface LocalConfig {
  readonly heroku: ProviderConfig;
  readonly cloudfoundry: ProviderConfig;
  /** As src/local/dns takes it. */
  readonly dns: {
    readonly address: string;
    readonly port: number;
    readonly folder: string;
    readonly zones: readonly object[];
    readonly keys: readonly [
      { readonly name: string; readonly algorithm: "hmac-sha256"; readonly secret: string },
    ];
  };
}

async function routerPort(ports: Ports, wished: number | undefined): Promise<number> {
  const all = Object.values(addresses);
  for (let attempt = 0; attempt < 50; attempt++) {
    const port = wished ?? (await ports.take(control));
    const free = await Promise.all(all.map((address) => isFree(address, port)));
    // A wished port is tried by the routers themselves: their error says what is wrong with it.
    if (wished !== undefined || free.every(Boolean)) return port;
  }
  return await ports.take(control);
}

const loginNames: Readonly<Record<ProviderName, string>> = {
  heroku: "dev@understudy.test",
  cloudfoundry: "admin",
};

/** Heroku's API keys can be told by their beginning. */
const prefixes: Readonly<Record<ProviderName, string>> = { heroku: "HRKU-", cloudfoundry: "" };

/** Chooses ports and secrets for a new set of local platforms. */
export async function makeLocalConfig(folder: string, wishedPort: number | undefined): Promise<LocalConfig> {
  const ports = createPorts();
  const router = await routerPort(ports, wishedPort);
  const providerConfig = async (name: ProviderName): Promise<ProviderConfig> => ({
    version: 1,
    name,
    folder: layout.runtime(folder, name),
    api: { address: control, port: await ports.take(control) },
    admin: { address: control, port: await ports.take(control), token: randomBytes(24).toString("hex") },
    router: { address: addresses[name], port: router },
    dnsZone: providerZones[name],
    credentials: {
      username: loginNames[name],
      secret: `${prefixes[name]}${randomBytes(24).toString("hex")}`,
    },
  });
  const wildcard = (name: ProviderName): object => ({
    name: providerZones[name],
    records: [providerZones[name], `*.${providerZones[name]}`].map((record) => ({
      name: record,
      type: "A",
      value: addresses[name],
    })),
  });
  const secret = randomBytes(32).toString("base64");
  return {
    heroku: await providerConfig("heroku"),
    cloudfoundry: await providerConfig("cloudfoundry"),
    dns: {
      address: control,
      port: await ports.take(control),
      folder: layout.part(folder, "dns"),
      zones: [wildcard("heroku"), wildcard("cloudfoundry"), { name: userZone, updateKeys: [keyName] }],
      keys: [{ name: keyName, algorithm: "hmac-sha256", secret }],
    },
  };
}
