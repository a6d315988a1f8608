import type { App } from "../../../src/app/schema.ts";
import type { Settings } from "../settings.ts";
import type { Fields } from "./kube.ts";

/** What an image's commands are started by: the launcher of Cloud Native Buildpacks, or a shell. */
export type ImageKind = "launcher" | "shell";

/** Kind of the image that the app comes in: made by buildpacks, or not. */
export function imageKind({ source, build }: Pick<App, "source" | "build">, { image }: Settings): ImageKind {
  if ("image" in source) return "shell";
  if (image?.builder !== undefined) return image.builder === "pack" ? "launcher" : "shell";
  return build.dockerfile === undefined ? "launcher" : "shell";
}

const launcher = "/cnb/lifecycle/launcher";

/** Words that no shell needs to be kept for: no operators, no substitution, no assignment, no keyword or builtin first. */
const simpleLine = /^[\w./@+-]+(\s+([\w./@%+=:,~^-]|\$\w+|\$\{\w+\}|"[^"`$\\]*"|'[^']*')+)*\s*$/;
const builtins = new Set(
  ". : alias bg case cd command eval exec exit export fg for function if jobs read set shift source test time times trap type ulimit umask unset until wait while".split(
    " ",
  ),
);

/** The line with `exec` before it where it is one plain command, so that the process itself gets the signals. */
function withExec(line: string): string {
  const text = line.trim();
  const [first = ""] = text.split(/\s/, 1);
  return simpleLine.test(text) && !builtins.has(first) ? `exec ${text}` : line;
}

/** `command` and `args` of a container that runs a shell line in an image. */
export function runLine(kind: ImageKind, line: string): Fields {
  // The launcher sets up what the buildpacks left, then hands a lone argument to a shell.
  if (kind === "launcher") return { command: [launcher], args: [line] };
  return { command: ["/bin/sh", "-c", withExec(line)] };
}

/** The same for a process, whose command may be the image's own. */
export function runProcess(kind: ImageKind, name: string, line: string | undefined): Fields {
  if (line !== undefined) return runLine(kind, line);
  return kind === "launcher" ? { command: [`/cnb/process/${name}`] } : {};
}
