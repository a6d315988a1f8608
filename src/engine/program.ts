import { createInterface } from "node:readline";
import { type Child, endChild, startChild } from "./child.ts";
import type { ConfigValues } from "./config.ts";
import { sdkFile } from "./node-env.ts";
import type { Project } from "./project.ts";

/** The program told the engine already what went wrong (sdk/nodejs/cmd/run). */
const alreadyLogged = 32;

/** How a program ended. */
export interface ProgramEnd {
  readonly ok: boolean;
  /** Why not, when it did not tell the engine itself. */
  readonly reason: string | undefined;
}

export interface Program {
  readonly ended: Promise<ProgramEnd>;
  /** Ends it at once. */
  kill(): Promise<void>;
}

/** What a program needs to run. */
export interface Launch {
  readonly project: Project;
  readonly stack: string;
  readonly config: ConfigValues;
  /** Of the server that holds both services. */
  readonly address: string;
  readonly preview: boolean;
  readonly parallel: number;
  /** As {@link nodeEnv} makes it. */
  readonly env: NodeJS.ProcessEnv;
  readonly onOutput: (line: string) => void;
}

function option(project: Project, name: string): string | undefined {
  const value = project.runtimeOptions[name];
  return value === undefined ? undefined : String(value);
}

function programEnv({ project, config, env }: Launch): NodeJS.ProcessEnv {
  const keys = [...config.keys()];
  const asHostWrites = (key: string): string => key.replace(":", ":config:");
  const tsconfig = option(project, "tsconfig");
  return {
    ...env,
    PULUMI_CONFIG: JSON.stringify(
      Object.fromEntries(keys.map((key) => [asHostWrites(key), config.get(key)?.text])),
    ),
    PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(keys.filter((key) => config.get(key)?.secret === true)),
    ...(option(project, "typescript") === "false" ? {} : { PULUMI_NODEJS_TYPESCRIPT: "true" }),
    ...(tsconfig === undefined ? {} : { PULUMI_NODEJS_TSCONFIG_PATH: tsconfig }),
  };
}

function programArgs(launch: Launch): readonly string[] {
  const { project, stack, address, preview, parallel } = launch;
  const nodeArgs = (option(project, "nodeargs") ?? "").split(/\s+/).filter((item) => item !== "");
  return [
    ...nodeArgs,
    launch.env.PULUMI_LANGUAGE_NODEJS_RUN_PATH ?? sdkFile(project, "cmd/run/index.js"),
    ...["--monitor", address, "--engine", address],
    ...["--organization", "organization", "--project", project.name, "--stack", stack],
    ...["--root-directory", project.root, "--pwd", project.programFolder],
    ...(preview ? ["--dry-run"] : []),
    ...["--parallel", String(parallel)],
    project.entryPoint,
  ];
}

/** Starts the project's program just as Pulumi's Node.js language host does (sdk/nodejs/cmd/pulumi-language-nodejs). */
export function startProgram(launch: Launch): Program {
  const child = startChild(process.execPath, programArgs(launch), {
    cwd: launch.project.programFolder,
    env: programEnv(launch),
  });
  const last: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      launch.onOutput(line);
      last.push(line);
      if (last.length > 10) last.shift();
    });
  }
  return { ended: endOf(child, last), kill: () => endChild(child, 0) };
}

function endOf(child: Child, last: readonly string[]): Promise<ProgramEnd> {
  return new Promise((resolve) => {
    child.once("error", (error) =>
      resolve({ ok: false, reason: `The program can't be started: ${error.message}` }),
    );
    child.once("close", (code, signal) => {
      if (code === 0) return resolve({ ok: true, reason: undefined });
      if (code === alreadyLogged) return resolve({ ok: false, reason: undefined });
      const how = signal === null ? `exited with ${code}` : `was ended by ${signal}`;
      resolve({ ok: false, reason: [`The program ${how}.`, ...last].join("\n") });
    });
  });
}
