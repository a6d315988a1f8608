import { Document, isMap, isScalar, type Pair, type YAMLMap } from "yaml";
import type { JsonObject } from "../base/json.ts";
import type { AppPath } from "./issue.ts";
import { withoutDefaults } from "./json-schema.ts";
import type { App } from "./schema.ts";

/** A remark for the person who reads the file, above the key that it is about. */
export interface AppComment {
  /** Where; the top of the file when empty. A path that is not in the text moves up to the nearest that is. */
  readonly path: AppPath;
  readonly text: string;
}

/**
 * The description as YAML: fields in the schema's order, names in the owner's, defaults left out.
 * Parsing it again gives an equal description.
 */
export function stringifyApp(app: App, comments: readonly AppComment[] = []): string {
  const document = new Document(withoutDefaults(app as unknown as JsonObject));
  const remarks = new Map<Pair, string[]>();
  const header: string[] = [];
  for (const { path, text } of comments) {
    const pair = nearestPair(document, path);
    if (pair === undefined) header.push(text);
    else remarks.set(pair, [...(remarks.get(pair) ?? []), text]);
  }
  for (const [pair, texts] of remarks) if (isScalar(pair.key)) pair.key.commentBefore = comment(texts);
  const body = document.toString({ lineWidth: 110 });
  return header.length === 0 ? body : `${comment(header).replaceAll(/^/gm, "#")}\n\n${body}`;
}

/** Lines of at most about 100 columns, each with the space that follows the hash. */
function comment(texts: readonly string[]): string {
  return texts
    .flatMap((text) => {
      const lines: string[] = [];
      for (const word of text.trim().split(/\s+/)) {
        const line = lines.at(-1);
        if (line === undefined || line.length + word.length > 100) lines.push(` ${word}`);
        else lines[lines.length - 1] = `${line} ${word}`;
      }
      return lines;
    })
    .join("\n");
}

function nearestPair(document: Document, path: AppPath): Pair | undefined {
  let map: unknown = document.contents;
  let found: Pair | undefined;
  for (const part of path) {
    const pair: Pair | undefined = isMap(map) ? pairOf(map, part) : undefined;
    if (pair === undefined) break;
    found = pair;
    map = pair.value;
  }
  return found;
}

function pairOf(map: YAMLMap, key: string | number): Pair | undefined {
  return map.items.find((pair) => isScalar(pair.key) && pair.key.value === key);
}
