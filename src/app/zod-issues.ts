import type { z } from "zod";
import { nearest } from "../base/nearest.ts";
import { redactUrls } from "../base/redact.ts";
import type { AppIssue, AppPath } from "./issue.ts";
import { knownKeys } from "./json-schema.ts";

type ZodIssue = z.core.$ZodIssue;

const article = (noun: string): string => (/^[aeiou]/.test(noun) ? `An ${noun}` : `A ${noun}`);
const nouns: Readonly<Record<string, string>> = {
  string: "text",
  record: "map",
  object: "map",
  array: "list",
  int: "whole number",
};

/** Values of these may be secrets: messages say what kind of value is there, never which. */
const unshown = new Set(["config", "secrets", "drains"]);

/** A text in quotes, cut where it gets long. */
function quoted(value: unknown): string {
  const text = redactUrls(String(value));
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text);
}

function shown(value: unknown, path: AppPath): string {
  if (value === null) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a map";
  const kind = typeof value === "string" ? "text" : typeof value;
  if (unshown.has(String(path[0]))) return kind === "text" ? kind : `a ${kind}`;
  return typeof value === "string" ? `the text ${quoted(value)}` : `the ${kind} ${String(value)}`;
}

function valueAt(input: unknown, path: AppPath): unknown {
  return path.reduce<unknown>(
    (value, part) =>
      typeof value === "object" && value !== null ? (value as Record<string, unknown>)[part] : undefined,
    input,
  );
}

/** How the value could be mended, where that can be guessed. */
function typeHint(expected: string, value: unknown, path: AppPath): string | undefined {
  if (expected === "string" && (typeof value === "number" || typeof value === "boolean")) {
    return unshown.has(String(path[0])) ? "Put it in quotes." : `Put it in quotes: "${String(value)}".`;
  }
  if (typeof value !== "string") return undefined;
  if (path[0] === "secrets") return "Secrets are only named here: write {} and give the value to the stack.";
  if (expected === "array") return "Write it as a list, even of one.";
  const [section, name] = path;
  if (path.length === 2 && (section === "processes" || section === "schedule")) {
    return `Write ${name}: { command: ${JSON.stringify(value)} }.`;
  }
  if (section === "release") return `Write release: { command: ${JSON.stringify(value)} }.`;
  if (path.length === 2 && section === "services")
    return `Write ${name}: { type: ${JSON.stringify(value)} }.`;
  return undefined;
}

function hostHint(value: unknown): string | undefined {
  if (typeof value !== "string") return undefined;
  const bare = value
    .trim()
    .replace(/^[a-z]+:\/\//i, "")
    .replace(/[/:].*$/, "")
    .replace(/\.$/, "")
    .toLowerCase();
  return bare !== value && /^[a-z0-9*.-]+\.[a-z0-9-]+$/.test(bare) ? `Did you mean ${bare}?` : undefined;
}

function wrongType(issue: z.core.$ZodIssueInvalidType, path: AppPath, input: unknown): AppIssue {
  const value = valueAt(input, path);
  const noun = nouns[issue.expected] ?? issue.expected;
  if (value === undefined) {
    return {
      code: "missing",
      path,
      message: path.length === 0 ? "The description is empty." : `'${path.at(-1)}' is missing.`,
      suggestion: path.length === 1 && path[0] === "name" ? "Add name: my-app." : undefined,
    };
  }
  return {
    code: "wrong-type",
    path,
    message: `${article(noun).replace("A text", "Text")} is needed here, not ${shown(value, path)}.`,
    suggestion: typeHint(issue.expected, value, path),
  };
}

function unknownKeys(keys: readonly string[], path: AppPath): readonly AppIssue[] {
  const known = knownKeys(path);
  return keys.map((key) => {
    const meant = nearest(key, known);
    return {
      code: "unknown-key",
      path: [...path, key],
      atKey: true,
      message: `There is no '${key}' here.`,
      suggestion: meant === undefined ? `Known here: ${known.join(", ")}.` : `Did you mean '${meant}'?`,
    };
  });
}

/** Of a union, the member that fails in the fewest places is the one that was meant; unless none stands out. */
function union(issue: z.core.$ZodIssueInvalidUnion, path: AppPath, input: unknown): readonly AppIssue[] {
  const members = issue.errors.map((issues) =>
    issues.flatMap((item) => translate({ ...item, path: [...issue.path, ...item.path] }, input)),
  );
  const meant = members.filter(
    (member) => !member.some((item) => item.code === "missing" || item.path.length === path.length),
  );
  const [only] = meant;
  if (meant.length === 1 && only !== undefined) return only;
  const value = valueAt(input, path);
  const keys = typeof value === "object" && value !== null && !Array.isArray(value) ? Object.keys(value) : [];
  const known = knownKeys(path);
  const unknown = keys.filter((key) => !known.includes(key));
  if (unknown.length > 0) return unknownKeys(unknown, path);
  return [
    {
      code: "wrong-choice",
      path,
      message:
        keys.length === 0
          ? `A map with one of ${known.join(", ")} is needed here, not ${shown(value, path)}.`
          : `These keys do not go together: ${keys.join(", ")}.`,
      suggestion: "Give exactly one of path, git (with ref if wanted) or image.",
    },
  ];
}

function translate(issue: ZodIssue, input: unknown): readonly AppIssue[] {
  const path = issue.path.map((part) => (typeof part === "number" ? part : String(part)));
  const value = valueAt(input, path);
  switch (issue.code) {
    case "invalid_type":
      return [wrongType(issue, path, input)];
    case "unrecognized_keys":
      return unknownKeys(issue.keys, path);
    case "invalid_union":
      return union(issue, path, input);
    case "invalid_key": {
      const reason = issue.issues[0]?.message ?? "is not allowed";
      return [{ code: "bad-name", path, atKey: true, message: `'${String(path.at(-1))}' ${reason}.` }];
    }
    case "invalid_value": {
      const known = issue.values.map(String);
      const meant = typeof value === "string" ? nearest(value, known) : undefined;
      const one =
        known.length === 1 ? `Only ${known[0]} is known here` : `One of ${known.join(", ")} is needed here`;
      return [
        {
          code: "wrong-value",
          path,
          message: `${one}, not ${value === undefined ? "nothing" : shown(value, path)}.`,
          suggestion: meant === undefined ? undefined : `Did you mean ${meant}?`,
        },
      ];
    }
    case "too_small":
    case "too_big": {
      const size = issue.code === "too_small" ? issue.minimum : issue.maximum;
      const strict = issue.inclusive === false ? "" : " or equal to";
      const side = issue.code === "too_small" ? "greater" : "less";
      const message =
        typeof value === "number"
          ? `${value} is out of range: it must be ${side} than${strict} ${size}.`
          : issue.code === "too_small"
            ? "This must not be empty."
            : `This is too long: at most ${size} are allowed.`;
      return [{ code: "out-of-range", path, message }];
    }
    case "invalid_format": {
      const reason = issue.format === "starts_with" ? "must start with /" : issue.message;
      const hidden = unshown.has(String(path[0]));
      return [
        {
          code: "bad-format",
          path,
          message: `${hidden ? "This" : quoted(value)} ${reason}.`,
          suggestion: path[0] === "domains" ? hostHint(value) : undefined,
        },
      ];
    }
    default:
      return [{ code: "bad-value", path, message: `${issue.message}.` }];
  }
}

/** What zod found, as issues that tell a person what to write instead. */
export function fromZod(issues: readonly ZodIssue[], input: unknown): readonly AppIssue[] {
  return issues.flatMap((issue) => translate(issue, input));
}
