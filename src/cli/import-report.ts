import type { Source, Status } from "../import/ledger.ts";
import type { Imported } from "../import/merge.ts";
import { columns, type Row, widthOf } from "./columns.ts";
import { terminal } from "./terminal.ts";

const styles = { carried: "green", approximated: "yellow", dropped: "red", ignored: "dim" } as const;
const statuses = ["carried", "approximated", "dropped", "ignored"] as const;

/** What importing found, for a person: notes, then what of each file was not carried over, then the counts. */
export function printImport({ notes, sources }: Imported): void {
  const width = widthOf(process.stderr);
  const paint = (status: Status, text: string): string =>
    terminal.style(styles[status], text, process.stderr);
  for (const note of notes) {
    const place = [note.file, note.line].filter((part) => part !== undefined).join(":");
    const rows: readonly Row[] = [
      {
        cells: ["note", place === "" ? note.message : `${place}: ${note.message}`],
        style: (cell, column) => (column === 0 ? terminal.style("cyan", cell, process.stderr) : cell),
      },
    ];
    for (const line of columns(rows, width)) terminal.progress(line);
  }
  const rows = [...new Set(sources.map((source) => source.file))].flatMap((file) =>
    rowsOf(sources.filter((source) => source.file === file)).map(
      ({ status, place, reason }): Row => ({
        cells: [status, place, reason],
        style: (cell, column) => (column === 0 ? paint(status, cell) : cell),
      }),
    ),
  );
  for (const line of columns(rows, width)) terminal.progress(line);
  const counts = statuses.map((status) => {
    const count = sources.filter((source) => source.status === status).length;
    return paint(status, `${count} ${status}`);
  });
  terminal.progress(`${sources.length} keys and lines read: ${counts.join(", ")}`);
}

interface Line {
  readonly status: Status;
  readonly place: string;
  readonly reason: string;
}

/** A line for each thing that was not carried over, with all that lies in it; what was ignored is put together by reason. */
function rowsOf(sources: readonly Source[]): readonly Line[] {
  const tops = sources.filter(
    (source) => source.status !== "carried" && !sources.some((other) => covers(other, source)),
  );
  const single = tops.filter((source) => source.status !== "ignored");
  const ignored = Map.groupBy(
    tops.filter((source) => source.status === "ignored"),
    (source) => source.reason ?? "",
  );
  return [
    ...single.map((source) => ({
      status: source.status,
      place: placeOf(source),
      reason: source.reason ?? "",
    })),
    ...[...ignored].map(([reason, group]) => {
      const [first] = group;
      const more = group.length > 1 ? ` (and ${group.length - 1} more)` : "";
      return {
        status: "ignored" as const,
        place: first === undefined ? "" : placeOf(first),
        reason: `${reason}${more}`,
      };
    }),
  ];
}

function placeOf({ file, line, pointer }: Source): string {
  return `${file}:${line}${pointer === undefined ? "" : ` ${pointer}`}`;
}

function covers(outer: Source, inner: Source): boolean {
  if (outer.pointer === undefined || inner.pointer === undefined) return false;
  const within = inner.pointer.startsWith(`${outer.pointer}/`);
  return within && outer.status === inner.status && outer.reason === inner.reason;
}
