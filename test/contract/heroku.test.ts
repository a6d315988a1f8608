import { heroku } from "../../providers/heroku/index.ts";
import { serveHeroku } from "../local/heroku/serve.ts";
import { platformContract } from "./platform.ts";

platformContract("Heroku", async () => {
  const served = await serveHeroku();
  const connectionTo = (url: string, token = served.token) => ({ url, token, dataUrl: url });
  const { address, port } = served.runtime.router;
  return {
    platform: heroku,
    settings: { entrance: { address, port, tls: false } },
    connection: connectionTo(served.url),
    rejected: connectionTo(served.url, "an-expired-token"),
    apiUrl: served.url,
    through: (url) => connectionTo(url),
    router: served.runtime.router,
    close: () => served.close(),
  };
});
