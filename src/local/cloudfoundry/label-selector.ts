import { badQuery } from "./errors.ts";

type Labels = Readonly<Record<string, string>>;

function matchesOne(labels: Labels, requirement: string): boolean {
  const set = /^(!?)([^\s!=]+)\s+(in|notin)\s*\(([^)]*)\)$/.exec(requirement);
  if (set !== null) {
    const [, , key = "", operator, values = ""] = set;
    const value = labels[key];
    const inside =
      value !== undefined &&
      values
        .split(",")
        .map((item) => item.trim())
        .includes(value);
    return operator === "in" ? inside : !inside;
  }
  const equality = /^([^\s!=]+)\s*(==|=|!=)\s*([^\s=]*)$/.exec(requirement);
  if (equality !== null) {
    const [, key = "", operator, value] = equality;
    return operator === "!=" ? labels[key] !== value : labels[key] === value;
  }
  const existence = /^(!?)([^\s!=]+)$/.exec(requirement);
  if (existence !== null) return (labels[existence[2] ?? ""] !== undefined) !== (existence[1] === "!");
  throw badQuery("The label_selector parameter is invalid.");
}

/** `k`, `!k`, `k=v`, `k==v`, `k!=v`, `k in (a,b)`, `k notin (a,b)`, joined by commas = AND. */
export function matchesSelector(labels: Labels, selector: string): boolean {
  return selector
    .split(/,(?![^(]*\))/)
    .map((requirement) => requirement.trim())
    .every((requirement) => matchesOne(labels, requirement));
}
