import * as pulumi from "@pulumi/pulumi";

/** A resource of any type, told what its outputs are called; they are read with {@link output}. */
export class SiteResource extends pulumi.CustomResource {
  constructor(
    type: string,
    name: string,
    inputs: pulumi.Inputs,
    outputs: Iterable<string>,
    options: pulumi.CustomResourceOptions,
  ) {
    // Pulumi fills in only those outputs that are named at creation.
    const unset = Object.fromEntries([...outputs].map((property) => [property, undefined]));
    super(type, name, { ...unset, ...inputs }, options);
  }

  /** The output at a path: dots go deeper. */
  output(path: string): pulumi.Output<unknown> {
    if (path === "id") return this.id;
    const [first = "", ...rest] = path.split(".");
    const top = (this as unknown as Record<string, unknown>)[first];
    return (pulumi.output(top) as pulumi.Output<unknown>).apply((value) =>
      rest.reduce<unknown>(
        (at, key) =>
          typeof at === "object" && at !== null ? (at as Record<string, unknown>)[key] : undefined,
        value,
      ),
    );
  }
}
