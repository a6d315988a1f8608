import { cloudfoundry } from "../../../providers/cloudfoundry/index.ts";
import type { App, AppInput, Role } from "../../../src/app/schema.ts";
import type { JsonObject } from "../../../src/base/json.ts";
import type { Rendered, SiteControl } from "../../../src/platform/contract.ts";
import { type Archive, sampleApp, sampleSecrets } from "../../contract/sample.ts";
import { DirectStack } from "../../contract/stack.ts";
import { type ServedCloudFoundry, serveCloudFoundry } from "../../local/cloudfoundry/serve.ts";

/** A local Cloud Foundry with the provider on it. */
export interface Harness {
  readonly served: ServedCloudFoundry;
  readonly connection: { readonly url: string; readonly username: string; readonly password: string };
  stack(): DirectStack;
  render(app: App, archive: Archive, role?: Role): Rendered;
  control(app: App): SiteControl;
  close(): Promise<void>;
}

export async function openHarness(options: Parameters<typeof serveCloudFoundry>[0] = {}): Promise<Harness> {
  const served = await serveCloudFoundry(options);
  const { url, username, password } = served;
  const connection = { url, username, password };
  const { address, port } = served.runtime.router;
  const settings = cloudfoundry.settings.parse({ entrance: { address, port } });
  return {
    served,
    connection,
    stack: () => new DirectStack(cloudfoundry, connection as JsonObject, sampleSecrets),
    render: (app, archive, role = "active") =>
      cloudfoundry.render(app, { name: "site", role, settings, archive }),
    control: (app) => cloudfoundry.connect(connection, { name: "site", app, settings }),
    close: () => served.close(),
  };
}

/** The sample without backing services, which take the most time. */
export function smallApp(name: string, changes: Partial<AppInput> = {}): App {
  return sampleApp(name, { services: {}, ...changes });
}
