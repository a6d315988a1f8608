import { cloudfoundry } from "../../providers/cloudfoundry/index.ts";
import { firstOrganization, firstSpace } from "../../src/local/cloudfoundry/face.ts";
import { serveCloudFoundry } from "../local/cloudfoundry/serve.ts";
import { platformContract } from "./platform.ts";

platformContract("Cloud Foundry", async () => {
  const served = await serveCloudFoundry();
  const { username, password } = served;
  const { address, port } = served.runtime.router;
  return {
    platform: cloudfoundry,
    settings: { organization: firstOrganization, space: firstSpace, entrance: { address, port, tls: false } },
    connection: { url: served.url, username, password },
    rejected: { url: served.url, username, password: "an-old-password" },
    apiUrl: served.url,
    through: (url) => ({ url, username, password }),
    router: { address, port },
    close: () => served.close(),
  };
});
