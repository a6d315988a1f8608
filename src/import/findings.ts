import { type AppPath, pathText } from "../app/issue.ts";
import type { Json } from "../base/json.ts";
import type { Claimable, Source } from "./ledger.ts";

/** One value for one field of the description, and the place in a file that it comes from. */
export interface Finding {
  readonly path: AppPath;
  readonly value: Json;
  readonly from: Claimable;
  /** The path is a list, and the value one more item of it. */
  readonly append?: true;
}

/** Something that the owner of the app should know, check or answer. */
export interface Note {
  /** Stable, kebab-case, e.g. `fixed-port`. */
  readonly code: string;
  readonly message: string;
  readonly file?: string;
  /** 1-based. */
  readonly line?: number;
  /** The field of the description that it is about, e.g. `processes.web`. */
  readonly path?: string;
}

/** All that one file says. */
export interface FileFindings {
  readonly file: string;
  /** Whose file it is, when it only has the name of one that describes an app: `Expo's`. */
  readonly foreign?: string;
  readonly findings: readonly Finding[];
  readonly notes: readonly Note[];
  /** Remarks of the file on single fields, kept as comments in the YAML. */
  readonly remarks: readonly { readonly path: AppPath; readonly text: string }[];
  /** The whole file does not count, for this reason. */
  ignore(reason: string): void;
  /** Called last: merging files still changes what became of their keys. */
  sources(): readonly Source[];
}

/** Where the reader of a format puts what it finds. To take a value is to claim its place, in one step. */
export class Collector {
  readonly findings: Finding[] = [];
  readonly notes: Note[] = [];
  readonly remarks: { readonly path: AppPath; readonly text: string }[] = [];

  /** The value means the same in the description. */
  carry(from: Claimable, path: AppPath, value: Json): void {
    from.claim({ status: "carried", to: pathText(path) });
    this.findings.push({ path, value, from });
  }

  /** The value means nearly the same in the description; the reason says what differs. */
  approximate(from: Claimable, path: AppPath, value: Json, reason: string): void {
    from.claim({ status: "approximated", reason, to: pathText(path) });
    this.findings.push({ path, value, from });
  }

  /** One more finding from a place that is claimed already. */
  also(from: Claimable, path: AppPath, value: Json): void {
    this.findings.push({ path, value, from });
  }

  /** One more item of a list. */
  append(from: Claimable, path: AppPath, value: Json, reason?: string): void {
    const to = pathText(path);
    from.claim(reason === undefined ? { status: "carried", to } : { status: "approximated", reason, to });
    this.findings.push({ path, value, from, append: true });
  }

  note(code: string, message: string, from?: Claimable, path?: AppPath): void {
    this.notes.push({
      code,
      message,
      ...(from === undefined ? {} : { file: from.file, line: from.line }),
      ...(path === undefined ? {} : { path: pathText(path) }),
    });
  }

  remark(path: AppPath, text: string): void {
    if (text.trim() !== "") this.remarks.push({ path, text });
  }
}
