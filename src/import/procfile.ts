import { isDeepStrictEqual } from "node:util";
import { InputError } from "../base/errors.ts";
import type { Problem } from "../base/problem.ts";
import { commandNotes } from "./command-notes.ts";
import { Collector, type FileFindings } from "./findings.ts";
import type { Claim, Claimable, Source } from "./ledger.ts";

/** A type is letters, digits, - and _ (Heroku Dev Center, "The Procfile"). */
const processLine = /^\s*([A-Za-z0-9_-]+):\s*(.*?)\s*$/;
const comment = /^\s*(#|\/\/)/;
const conflict = /^(<{7}|={7}|>{7})(\s|$)/;
const template = /^\s*\{[%{#]/;
/** The shell would go on to the next line after these. */
const goesOn = /(\\|&&|\|)$/;

class Line implements Claimable {
  readonly file: string;
  readonly line: number;
  #claim: Claim = { status: "dropped", reason: "not understood" };

  constructor(file: string, line: number) {
    this.file = file;
    this.line = line;
  }

  claim(claim: Claim): void {
    this.#claim = claim;
  }

  settle(claim: Claim): void {
    this.#claim = claim;
  }

  source(): Source {
    return { file: this.file, line: this.line, ...this.#claim };
  }
}

interface ProcessLines {
  readonly type: string;
  readonly lines: Line[];
  readonly parts: string[];
}

/**
 * Reads a Procfile. Line ends may be of any system; a command that is broken over several lines is put together.
 * @throws InputError with every line that can't be read.
 */
export function readProcfile(text: string, file: string): FileFindings {
  const lines: Line[] = [];
  const entries: ProcessLines[] = [];
  const problems: Problem[] = [];
  for (const [index, raw] of text
    .replace(/^\uFEFF/, "")
    .split(/\r\n|\r|\n/)
    .entries()) {
    if (raw.trim() === "") continue;
    const line = new Line(file, index + 1);
    lines.push(line);
    if (comment.test(raw)) {
      line.claim({ status: "ignored", reason: "a comment" });
      continue;
    }
    const last = entries.at(-1);
    const [, type, command = ""] = processLine.exec(raw) ?? [];
    const end = last?.parts.at(-1) ?? "";
    const goes =
      type === undefined
        ? goesOn.test(end) || last?.parts.length === 0 || /^\s/.test(raw)
        : end.endsWith("\\");
    if (last !== undefined && goes) {
      last.lines.push(line);
      last.parts.push(raw.trim());
    } else if (type !== undefined) {
      entries.push({ type, lines: [line], parts: command === "" ? [] : [command] });
    } else problems.push(fault(raw, line));
  }
  // Between the markers of a merge everything is there twice: that is no second problem.
  if (!problems.some((problem) => problem.code === "merge-conflict")) problems.push(...judge(entries));
  if (problems.length > 0) throw new InputError(problems.sort((a, b) => (a.line ?? 0) - (b.line ?? 0)));
  const collector = new Collector();
  for (const [index, entry] of entries.entries()) {
    if (isRepeated(entries, index)) ignoreRepeated(entry, collector);
    else take(entry, collector);
  }
  return {
    file,
    ...collector,
    ignore: (reason) => {
      for (const line of lines) line.settle({ status: "ignored", reason });
    },
    sources: () => lines.map((line) => line.source()),
  };
}

function fault(raw: string, { file, line }: Line): Problem {
  const place = { file, line };
  if (conflict.test(raw)) {
    return {
      code: "merge-conflict",
      message: "A merge conflict was left in the file.",
      suggestion: "Keep one of the two sides and remove the markers.",
      ...place,
    };
  }
  if (template.test(raw)) {
    return {
      code: "template",
      message: "This is a template of a Procfile, not a Procfile.",
      suggestion: "Import the folder that the template is filled into.",
      ...place,
    };
  }
  return {
    code: "bad-procfile",
    message: `A line 'type: command' is needed, not ${JSON.stringify(raw.trim().slice(0, 60))}.`,
    suggestion: "Put the process type and a colon before the command, or # before a comment.",
    ...place,
  };
}

function judge(entries: readonly ProcessLines[]): readonly Problem[] {
  return entries.flatMap(({ type, lines, parts }, index): readonly Problem[] => {
    const [line] = lines;
    const place = line === undefined ? {} : { file: line.file, line: line.line };
    const first = entries.findIndex((other) => other.type === type);
    if (first < index && !isRepeated(entries, index)) {
      const at = entries[first]?.lines[0]?.line;
      return [
        {
          code: "duplicate-process",
          message: `'${type}' is there twice; the other is in line ${at}.`,
          suggestion: "Keep one of the two.",
          ...place,
        },
      ];
    }
    if (parts.length === 0) {
      return [
        {
          code: "no-command",
          message: `'${type}' has no command.`,
          suggestion: "Write the command behind the colon.",
          ...place,
        },
      ];
    }
    if (type.length <= 63 && /^[A-Za-z0-9]/.test(type)) return [];
    return [
      {
        code: "bad-name",
        message: `'${type.slice(0, 20)}...' is no process type: at most 63 characters, starting with a letter or digit.`,
        suggestion: "Rename it.",
        ...place,
      },
    ];
  });
}

/** Whether an entry says once more what one before it says. */
function isRepeated(entries: readonly ProcessLines[], index: number): boolean {
  const entry = entries[index];
  const first = entries.find((other) => other.type === entry?.type);
  return first !== entry && isDeepStrictEqual(first?.parts, entry?.parts);
}

function ignoreRepeated({ type, lines }: ProcessLines, collector: Collector): void {
  for (const line of lines) line.claim({ status: "ignored", reason: `the same as '${type}' further up` });
  collector.note("repeated", `'${type}' is there twice, with one and the same command.`, lines[0]);
}

function take({ type, lines, parts }: ProcessLines, collector: Collector): void {
  const [line, ...more] = lines;
  if (line === undefined) return;
  const command = parts.map((part) => part.replace(/\\$/, "").trim()).join(" ");
  const path = type === "release" ? ["release", "command"] : ["processes", type, "command"];
  if (more.length === 0) collector.carry(line, path, command);
  else {
    const reason = `the command goes over ${lines.length} lines, which were put together; Heroku itself reads only the first`;
    for (const part of more) part.claim({ status: "approximated", reason, to: path.join(".") });
    collector.approximate(line, path, command, reason);
    collector.note("joined-lines", `'${type}': ${reason}.`, line, path);
  }
  for (const note of commandNotes(type, command)) collector.note(note.code, note.message, line, path);
}
