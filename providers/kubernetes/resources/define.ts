import type { Log } from "../../../src/base/log.ts";
import { definer } from "../../../src/platform/define.ts";
import type { ResourceContext } from "../../../src/platform/handler.ts";
import { clientFor, type KubernetesClient } from "../client/client.ts";
import type { KubernetesConnection } from "../connection.ts";

/** What one operation on a resource works with. The client is made when it is first asked for. */
export interface Operation {
  readonly connection: KubernetesConnection;
  readonly client: KubernetesClient;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** The handler of a resource type with typed inputs. */
export const define = definer(
  ({ connection, log, signal }: ResourceContext<KubernetesConnection>): Operation => ({
    connection,
    log,
    signal,
    get client() {
      return clientFor(connection);
    },
  }),
);
