/** Breaks a text into lines of at most `width` columns, between words where it can, and at its own line ends. */
export function wrap(text: string, width: number): readonly string[] {
  return text.split("\n").flatMap((paragraph) => wrapLine(paragraph, width));
}

function wrapLine(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    let rest = word;
    if (line !== "" && line.length + 1 + rest.length > width) {
      lines.push(line);
      line = "";
    }
    while (rest.length > width) {
      lines.push(rest.slice(0, width));
      rest = rest.slice(width);
    }
    line = line === "" ? rest : `${line} ${rest}`;
  }
  return [...lines, line];
}

/** One row: its cells, and how to style each once it has its place (styles have no width). */
export interface Row {
  readonly cells: readonly string[];
  readonly style?: (cell: string, column: number) => string;
}

/**
 * Lines with aligned columns, indented by two. The last column takes what is left of the width, and wraps; others are
 * as wide as their widest cell, but no wider than `limit`.
 */
export function columns(rows: readonly Row[], width: number, limit = 48): readonly string[] {
  const count = Math.max(0, ...rows.map((row) => row.cells.length));
  const widths = Array.from({ length: Math.max(0, count - 1) }, (_, column) =>
    Math.min(limit, Math.max(...rows.map((row) => widest(row.cells[column] ?? "")))),
  );
  const used = widths.reduce((sum, item) => sum + item + 2, 2);
  const last = Math.max(24, width - used);
  return rows.flatMap(({ cells, style = (cell: string) => cell }) => {
    const blocks = Array.from({ length: count }, (_, column) =>
      wrap(cells[column] ?? "", widths[column] ?? last),
    );
    const height = Math.max(...blocks.map((block) => block.length));
    return Array.from({ length: height }, (_, line) => {
      const parts = blocks.map((block, column) => {
        const cell = block[line] ?? "";
        return style(cell, column) + " ".repeat(Math.max(0, (widths[column] ?? 0) - cell.length));
      });
      return `  ${parts.join("  ")}`.trimEnd();
    });
  });
}

/** Columns of the terminal that a stream is; 100 where it is none. */
export function widthOf(stream: NodeJS.WriteStream): number {
  return Math.max(60, stream.isTTY ? stream.columns : 100);
}

function widest(cell: string): number {
  return Math.max(...cell.split("\n").map((line) => line.length));
}
