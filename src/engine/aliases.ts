import { makeUrn, nameOf, parseUrn } from "./urn.ts";

/** A former name of a resource: a URN, or what differs from now. */
export type Alias =
  | { readonly urn: string }
  | {
      readonly name: string;
      readonly type: string;
      readonly stack: string;
      readonly project: string;
      readonly parent: string | undefined;
      readonly noParent: boolean;
    };

interface Registration {
  readonly stack: string;
  readonly project: string;
  readonly parent: string | undefined;
  readonly type: string;
  readonly name: string;
  readonly aliases: readonly Alias[];
}

function aliasUrn(alias: Alias, now: Registration, formerUrn: (urn: string) => string | undefined): string {
  if ("urn" in alias) return alias.urn;
  const given = alias.parent === undefined ? undefined : (formerUrn(alias.parent) ?? alias.parent);
  return makeUrn({
    stack: alias.stack || now.stack,
    project: alias.project || now.project,
    parent: alias.noParent ? undefined : (given ?? now.parent),
    type: alias.type || now.type,
    name: alias.name || now.name,
  });
}

/** The URN that a child had under its parent's former URN. A name that starts with the parent's changed with it. */
function underFormerParent(child: string, parent: string, formerParent: string): string {
  const { type, name } = parseUrn(child) ?? { type: "", name: child };
  const former = parseUrn(formerParent);
  const parentName = nameOf(parent);
  return makeUrn({
    stack: former?.stack ?? "",
    project: former?.project ?? "",
    parent: formerParent,
    type,
    name: name.startsWith(parentName) ? `${former?.name ?? ""}${name.slice(parentName.length)}` : name,
  });
}

/** Every URN under which a resource may stand in the state, in the order to look, its present one first. */
export function formerUrns(
  urn: string,
  now: Registration,
  formerUrn: (urn: string) => string | undefined,
): readonly string[] {
  const own = now.aliases.map((alias) => aliasUrn(alias, now, formerUrn));
  const formerParent = now.parent === undefined ? undefined : formerUrn(now.parent);
  const inherited =
    now.parent === undefined || formerParent === undefined
      ? []
      : [urn, ...own].map((child) => underFormerParent(child, now.parent ?? "", formerParent));
  return [...new Set([urn, ...own, ...inherited])];
}
