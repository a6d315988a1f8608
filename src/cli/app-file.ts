import { existsSync } from "node:fs";
import { loadApp } from "../app/load.ts";
import type { App } from "../app/schema.ts";
import { importFolder } from "../import/folder.ts";
import { terminal } from "./terminal.ts";

const names = ["understudy.yaml", "understudy.yml", "understudy.json"];

/**
 * The description that a command works on: the file named, else understudy.yaml here, else what the files here say,
 * imported on the fly and not kept.
 * @throws InputError when there is none, or something is wrong with it.
 */
export async function openApp(file: string | undefined): Promise<App> {
  const path = file ?? names.find((name) => existsSync(name));
  if (path !== undefined) return loadApp(path);
  const { app, sources } = await importFolder(".");
  const read = [...new Set(sources.map((source) => source.file))].join(", ");
  terminal.progress(
    `There is no understudy.yaml here: this is what ${read} say. Keep it with: understudy import -o understudy.yaml`,
  );
  return app;
}
