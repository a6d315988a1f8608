import type { z } from "zod";
import type { JsonObject } from "../../../src/base/json.ts";
import type { Log } from "../../../src/base/log.ts";
import type { ResourceHandler, ResourceReading, ResourceState } from "../../../src/platform/contract.ts";
import { type Client, clientFor } from "../api/client.ts";
import { type Deadline, deadline } from "../api/deadline.ts";
import type { Connection } from "../settings.ts";

/** What one operation on a resource works with. */
export interface Operation {
  readonly client: Client;
  readonly deadline: Deadline;
  readonly log: Log;
}

/** Longest time for one operation, when the engine sets none; the engine's own limit comes by the signal. */
const operationMs = 60 * 60_000;

type Known<Inputs> = { readonly inputs: Partial<Inputs>; readonly outputs: JsonObject };

/** A resource type with typed inputs. After a creation that failed half-way the known inputs are empty. */
export interface Definition<Schema extends z.ZodObject>
  extends Omit<
    ResourceHandler<Connection>,
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

/** The handler that the plugin serves. */
export function define<Schema extends z.ZodObject>(
  definition: Definition<Schema>,
): ResourceHandler<Connection> {
  const parsed = (inputs: JsonObject) => definition.inputs.parse(inputs) as z.output<Schema>;
  const operation: (context: Parameters<ResourceHandler<Connection>["create"]>[0]) => Operation = (
    context,
  ) => ({
    client: clientFor(context.connection),
    deadline: deadline({ timeoutMs: operationMs, signal: context.signal }),
    log: context.log,
  });
  return {
    ...definition,
    create: (context, inputs) => definition.create(operation(context), parsed(inputs)),
    async read(context, id, known): Promise<ResourceReading | undefined> {
      const found = await definition.read(
        operation(context),
        id,
        known as Known<z.output<Schema>> | undefined,
      );
      return found === undefined
        ? undefined
        : { id, inputs: found.inputs as JsonObject, outputs: found.outputs };
    },
    update: (context, current, inputs) =>
      definition.update(
        operation(context),
        current as ResourceState & Known<z.output<Schema>>,
        parsed(inputs),
      ),
    delete: (context, current) =>
      definition.delete(operation(context), current as ResourceState & Known<z.output<Schema>>),
  };
}
