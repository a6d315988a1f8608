import type { z } from "zod";
import type { JsonObject } from "../base/json.ts";
import type { ResourceContext, ResourceHandler, ResourceState } from "./handler.ts";

/** After a creation that failed half-way the inputs are empty. */
type Known<Inputs> = { readonly inputs: Partial<Inputs>; readonly outputs: JsonObject };

/** A resource type with typed inputs; `Operation` is what a provider's operations work with, made of the context. */
export interface Definition<Connection extends JsonObject, Operation, Schema extends z.ZodObject>
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

/** Makes handlers, as the plugin serves them, of a provider's typed definitions. */
export function definer<Connection extends JsonObject, Operation>(
  open: (context: ResourceContext<Connection>) => Operation,
) {
  return <Schema extends z.ZodObject>(
    definition: Definition<Connection, Operation, Schema>,
  ): ResourceHandler<Connection> => {
    type Inputs = z.output<Schema>;
    const parsed = (inputs: JsonObject) => definition.inputs.parse(inputs) as Inputs;
    return {
      ...definition,
      create: (context, inputs) => definition.create(open(context), parsed(inputs)),
      async read(context, id, known) {
        const found = await definition.read(open(context), id, known as Known<Inputs> | undefined);
        return found && { id, inputs: found.inputs as JsonObject, outputs: found.outputs };
      },
      update: (context, current, inputs) =>
        definition.update(open(context), current as ResourceState & Known<Inputs>, parsed(inputs)),
      delete: (context, current) =>
        definition.delete(open(context), current as ResourceState & Known<Inputs>),
    };
  };
}
