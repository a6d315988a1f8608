// The Pulumi plugin `pulumi-resource-understudy`: serves every resource type of every platform, and the DNS records.
import { packageVersion } from "../src/base/version.ts";
import type { ResourceHandler } from "../src/platform/handler.ts";
import { loadPlatform, platformNames } from "../src/platform/registry.ts";
import { trafficConnection, trafficResources } from "../src/traffic/resource.ts";
import { providerConfig } from "./plugin/config.ts";
import { serve } from "./plugin/serve.ts";

const platforms = await Promise.all(platformNames.map(loadPlatform));
const resources: Readonly<Record<string, ResourceHandler>> = Object.assign(
  {},
  ...platforms.map((platform) => platform.resources),
  trafficResources,
);
serve(
  {
    name: "understudy",
    version: await packageVersion(),
    config: providerConfig({
      ...Object.fromEntries(platforms.map((platform) => [platform.name, platform.connection])),
      traffic: trafficConnection,
    }),
    handler: (token) => (Object.hasOwn(resources, token) ? resources[token] : undefined),
    unknownType: `Known types: ${Object.keys(resources).sort().join(", ")}.`,
  },
  process.argv.slice(2),
);
