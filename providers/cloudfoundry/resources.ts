import type { ResourceHandler } from "../../src/platform/handler.ts";
import { app } from "./resources/app.ts";
import { domain } from "./resources/domain.ts";
import { drain } from "./resources/drain.ts";
import { environment } from "./resources/environment.ts";
import { maintenancePage } from "./resources/maintenance-page.ts";
import { process } from "./resources/process.ts";
import { releaseResource } from "./resources/release.ts";
import { route } from "./resources/route.ts";
import { serviceBinding } from "./resources/service-binding.ts";
import { serviceInstance } from "./resources/service-instance.ts";
import type { Connection } from "./settings.ts";

/** Every resource type of this platform, by its token. */
export const resources: Readonly<Record<string, ResourceHandler<Connection>>> = {
  "understudy:cloudfoundry:App": app,
  "understudy:cloudfoundry:Domain": domain,
  "understudy:cloudfoundry:Drain": drain,
  "understudy:cloudfoundry:Environment": environment,
  "understudy:cloudfoundry:MaintenancePage": maintenancePage,
  "understudy:cloudfoundry:Process": process,
  "understudy:cloudfoundry:Release": releaseResource,
  "understudy:cloudfoundry:Route": route,
  "understudy:cloudfoundry:ServiceBinding": serviceBinding,
  "understudy:cloudfoundry:ServiceInstance": serviceInstance,
};
