import type { App } from "../../../src/app/schema.ts";

/** Heroku's names of languages whose buildpack every foundation has under a name of its own. */
const languages = ["go", "java", "nodejs", "php", "python", "ruby"];

/** What is a buildpack on a foundation: one that has a counterpart, one of its own (`nodejs_buildpack`, `java_buildpack_offline`), or a Git URL. */
export const knownBuildpack = `^(heroku/(${languages.join("|")})|\\w+_buildpack\\w*|(https?|git)://.*)$`;

/** The app's buildpacks under the names that they have here; what has no counterpart is left out (and `check` says so). */
export function buildpacksOf(app: App): readonly string[] {
  const known = new RegExp(knownBuildpack);
  return (app.build.buildpacks ?? [])
    .filter((name) => known.test(name))
    .map((name) => (name.startsWith("heroku/") ? `${name.slice("heroku/".length)}_buildpack` : name));
}
