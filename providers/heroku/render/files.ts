import { stringify } from "yaml";
import type { App } from "../../../src/app/schema.ts";
import { type Json, sortKeys } from "../../../src/base/json.ts";
import { guardedRelease, procfileOf } from "./procfile.ts";
import { profileScript } from "./services.ts";

/** Whether Heroku runs the app as images that it builds itself (stack `container`). */
export function isContainer({ source, build }: App): boolean {
  return "image" in source || build.dockerfile !== undefined;
}

/** heroku.yml (https://devcenter.heroku.com/articles/build-docker-images-heroku-yml) for one image that runs every process. */
function herokuYml({ processes, release, build, source }: App): string {
  const dockerfile = "image" in source ? "Dockerfile" : (build.dockerfile ?? "Dockerfile");
  const names = Object.keys(processes).sort();
  const image = names.includes("web") ? "web" : (names[0] ?? "web");
  const run: Record<string, Json> = {};
  for (const [name, { command }] of Object.entries(processes)) {
    if (command !== undefined) run[name] = name === image ? command : { command: [command], image };
    else if (name !== image) run[name] = { image };
  }
  const document = {
    build: {
      docker: { [image]: dockerfile },
      ...(build.args === undefined ? {} : { config: build.args }),
    },
    ...(Object.keys(run).length === 0 ? {} : { run }),
    ...(release === undefined ? {} : { release: { command: [guardedRelease(release.command)], image } }),
  };
  return stringify(sortKeys(document), { lineWidth: 0 });
}

/** Files that the description puts into the uploaded archive, over the repository's own. */
export function sourceFiles(app: App): Readonly<Record<string, string>> {
  const files: Record<string, string> = {};
  if (isContainer(app)) {
    files["heroku.yml"] = herokuYml(app);
    if ("image" in app.source) files.Dockerfile = `FROM ${app.source.image}\n`;
    return files;
  }
  const procfile = procfileOf(app);
  const profile = profileScript(app);
  if (procfile !== undefined) files.Procfile = procfile;
  if (profile !== undefined) files[".profile.d/understudy.sh"] = profile;
  return files;
}
