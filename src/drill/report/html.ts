/** Text that is HTML already. Only {@link html} makes it, so nothing reaches a page unescaped by oversight. */
export interface Html {
  readonly html: string;
}

type Part = Html | string | number | undefined | readonly Part[];

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function print(part: Part): string {
  if (part === undefined) return "";
  if (typeof part === "string") return escapeHtml(part);
  if (typeof part === "number") return String(part);
  return "html" in part ? part.html : part.map(print).join("");
}

/** A template whose values are escaped, unless they come from `html` themselves; lists are joined, undefined is nothing. */
export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return { html: texts.map((text, index) => text + print(parts[index])).join("") };
}
