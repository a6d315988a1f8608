/** The type of the root resource of every stack. */
export const stackType = "pulumi:pulumi:Stack";

/** The parts of `urn:pulumi:STACK::PROJECT::PARENTTYPE$TYPE::NAME`. */
export interface Urn {
  readonly stack: string;
  readonly project: string;
  /** With the types of the parents. */
  readonly qualifiedType: string;
  readonly type: string;
  /** May hold `::` itself. */
  readonly name: string;
}

/** Undefined when the text is no URN. */
export function parseUrn(text: string): Urn | undefined {
  const [head = "", project, qualifiedType, ...name] = text.split("::");
  if (!head.startsWith("urn:pulumi:") || project === undefined || qualifiedType === undefined)
    return undefined;
  if (name.length === 0) return undefined;
  return {
    stack: head.slice("urn:pulumi:".length),
    project,
    qualifiedType,
    type: qualifiedType.slice(qualifiedType.lastIndexOf("$") + 1),
    name: name.join("::"),
  };
}

/** The URN of a resource; the root stack is not part of the chain of parent types. */
export function makeUrn(parts: {
  readonly stack: string;
  readonly project: string;
  readonly parent: string | undefined;
  readonly type: string;
  readonly name: string;
}): string {
  const parentType = parts.parent === undefined ? undefined : parseUrn(parts.parent)?.qualifiedType;
  const chain =
    parentType === undefined || parentType === stackType ? parts.type : `${parentType}$${parts.type}`;
  return `urn:pulumi:${parts.stack}::${parts.project}::${chain}::${parts.name}`;
}

export function typeOf(urn: string): string {
  return parseUrn(urn)?.type ?? "";
}

export function nameOf(urn: string): string {
  return parseUrn(urn)?.name ?? urn;
}

const providerPrefix = "pulumi:providers:";

/** The package that a provider resource's type stands for, e.g. `aws` for `pulumi:providers:aws`. */
export function providerPackage(type: string): string | undefined {
  return type.startsWith(providerPrefix) ? type.slice(providerPrefix.length) : undefined;
}

export function providerType(pkg: string): string {
  return providerPrefix + pkg;
}

/** The package of an ordinary type token, e.g. `aws` for `aws:s3/bucket:Bucket`. */
export function packageOf(token: string): string {
  return token.slice(0, token.indexOf(":"));
}

/** A provider as resources name it: its URN and id. */
export function providerReference(urn: string, id: string): string {
  return `${urn}::${id}`;
}

export function parseProviderReference(reference: string): { readonly urn: string; readonly id: string } {
  const end = reference.lastIndexOf("::");
  return { urn: reference.slice(0, end), id: reference.slice(end + 2) };
}
