import type { z } from "zod";
import type { JsonObject } from "../../../src/base/json.ts";
import type { Log } from "../../../src/base/log.ts";
import type { ResourceContext, ResourceHandler, ResourceState } from "../../../src/platform/contract.ts";
import { clientFor, type KubernetesClient } from "../client/client.ts";
import type { KubernetesConnection } from "../connection.ts";

/** What one operation on a resource works with. The client is made when it is first asked for. */
export interface Operation {
  readonly connection: KubernetesConnection;
  readonly client: KubernetesClient;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** After a creation that failed half-way the inputs are empty. */
type Known<Inputs> = { readonly inputs: Partial<Inputs>; readonly outputs: JsonObject };

/** A resource type with typed inputs. */
interface Definition<Schema extends z.ZodObject>
  extends Omit<
    ResourceHandler<KubernetesConnection>,
    "inputs" | "create" | "read" | "update" | "delete" | "replaceOn"
  > {
  readonly inputs: Schema;
  readonly replaceOn: readonly (keyof z.output<Schema> & string)[];
  create(operation: Operation, inputs: z.output<Schema>): Promise<ResourceState>;
  read(
    operation: Operation,
    id: string,
    known: Known<z.output<Schema>> | undefined,
  ): Promise<{ readonly inputs: z.output<Schema>; readonly outputs: JsonObject } | undefined>;
  update(
    operation: Operation,
    current: ResourceState & Known<z.output<Schema>>,
    inputs: z.output<Schema>,
  ): Promise<JsonObject>;
  delete(operation: Operation, current: ResourceState & Known<z.output<Schema>>): Promise<void>;
}

function operation({ connection, log, signal }: ResourceContext<KubernetesConnection>): Operation {
  return {
    connection,
    log,
    signal,
    get client() {
      return clientFor(connection);
    },
  };
}

/** The handler that the plugin serves. */
export function define<Schema extends z.ZodObject>(
  definition: Definition<Schema>,
): ResourceHandler<KubernetesConnection> {
  type Inputs = z.output<Schema>;
  const parsed = (inputs: JsonObject) => definition.inputs.parse(inputs) as Inputs;
  return {
    ...definition,
    create: (context, inputs) => definition.create(operation(context), parsed(inputs)),
    async read(context, id, known) {
      const found = await definition.read(operation(context), id, known as Known<Inputs> | undefined);
      return found === undefined
        ? undefined
        : { id, inputs: found.inputs as JsonObject, outputs: found.outputs };
    },
    update: (context, current, inputs) =>
      definition.update(operation(context), current as ResourceState & Known<Inputs>, parsed(inputs)),
    delete: (context, current) =>
      definition.delete(operation(context), current as ResourceState & Known<Inputs>),
  };
}
