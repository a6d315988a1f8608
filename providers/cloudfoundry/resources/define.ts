import { type Deadline, deadline } from "../../../src/base/deadline.ts";
import type { Log } from "../../../src/base/log.ts";
import { definer } from "../../../src/platform/define.ts";
import type { ResourceContext } from "../../../src/platform/handler.ts";
import { type Client, clientFor } from "../api/client.ts";
import type { Connection } from "../settings.ts";

/** What one operation on a resource works with. */
export interface Operation {
  readonly client: Client;
  readonly deadline: Deadline;
  readonly log: Log;
}

/** Longest time for one operation, when the engine sets none; the engine's own limit comes by the signal. */
const operationMs = 60 * 60_000;

/** The handler of a resource type with typed inputs. */
export const define = definer(
  ({ connection, log, signal }: ResourceContext<Connection>): Operation => ({
    client: clientFor(connection),
    deadline: deadline({ timeoutMs: operationMs, signal }),
    log,
  }),
);
