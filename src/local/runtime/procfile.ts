/**
 * Process types of a Procfile: lines `type: command`. Blank lines, comments and lines of any other form are passed over,
 * as Heroku does; of two lines with one type the later wins.
 */
export function parseProcfile(text: string): Readonly<Record<string, string>> {
  const types: Record<string, string> = {};
  for (const line of text.split(/\r?\n/)) {
    const match = /^\s*([A-Za-z0-9_-]+)\s*:\s*(.+?)\s*$/.exec(line);
    const [, type, command] = match ?? [];
    if (type !== undefined && command !== undefined) types[type] = command;
  }
  return types;
}
