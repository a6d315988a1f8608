/** What is to be built, and where to. */
export interface BuildTask {
  /** `registry/name:tag`. */
  readonly reference: string;
  /** `registry/name`. */
  readonly repository: string;
  /** Folder with the unpacked source. */
  readonly source: string;
  /** Empty folder for files of the build's own. */
  readonly scratch: string;
  readonly buildpacks: readonly string[];
  /** Relative to the source; null = by buildpacks. */
  readonly dockerfile: string | null;
  /** Relative to the source. Null = the Dockerfile's folder. */
  readonly context: string | null;
  readonly args: Readonly<Record<string, string>>;
  readonly cnbBuilder: string | null;
  /** Of the builder `command`. */
  readonly command: readonly string[] | null;
}

/** Runs a command of a build; its lines go to the log. Gives back its stdout. Throws when it fails. */
export type RunStep = (
  command: string,
  args: readonly string[],
  env?: Readonly<Record<string, string>>,
) => Promise<string>;
