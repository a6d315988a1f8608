import type { AppJson } from "./app-json/app-json.ts";
import type { FileFindings, Finding, Note } from "./findings.ts";

/** The files of a folder, as far as they are there. */
export interface Files {
  readonly herokuYml: FileFindings | undefined;
  readonly appJson: AppJson | undefined;
  readonly manifest: FileFindings | undefined;
  readonly convoxYml: FileFindings | undefined;
  readonly procfile: FileFindings | undefined;
}

/** The files that count, the most trusted first. */
export interface Settled {
  readonly files: readonly FileFindings[];
  readonly notes: readonly Note[];
  /** An image is built, but no file says of which Dockerfile. */
  readonly assumeDockerfile: boolean;
}

/**
 * heroku.yml counts on the container stack only, and there it takes the Procfile's place. app.json may state the stack;
 * if not, buildpacks beside a Procfile speak against it, or that it names no Dockerfile. A convox.yml takes the
 * Procfile's place too, unless there is a file of a platform that reads one.
 */
export function settleContainer({ herokuYml, appJson, manifest, convoxYml, procfile }: Files): Settled {
  const stack = appJson?.stack;
  const present = (...files: readonly (FileFindings | undefined)[]): readonly FileFindings[] =>
    files.filter((file) => file !== undefined);
  const unused = (by: string): readonly Note[] => {
    const message = `The Procfile was not used: ${by} takes its place.`;
    return procfile === undefined ? [] : [{ code: "procfile-unused", message, file: procfile.file }];
  };
  if (convoxYml !== undefined && [herokuYml, appJson, manifest].every((file) => file === undefined)) {
    procfile?.ignore("the platform of convox.yml does not read it");
    return { files: [convoxYml], notes: unused("convox.yml"), assumeDockerfile: false };
  }
  if (herokuYml === undefined) {
    const container = stack === "container";
    const json = container ? withoutBuildpacks(appJson, "the container stack builds a Dockerfile") : appJson;
    const message = "The stack is container, and no heroku.yml names a Dockerfile: 'Dockerfile' is taken.";
    return {
      files: present(json, manifest, convoxYml, procfile),
      notes: container ? [{ code: "assumed-dockerfile", message, path: "build.dockerfile" }] : [],
      assumeDockerfile: container,
    };
  }
  const against =
    stack !== undefined
      ? stack !== "container" && `app.json says stack ${stack}`
      : procfile !== undefined &&
        ((appJson?.buildpacks === true && "app.json names buildpacks, and there is a Procfile") ||
          (!namesDockerfile(herokuYml) && "it names no Dockerfile, and there is a Procfile"));
  if (against !== false) {
    herokuYml.ignore(`for the container stack only, and ${against}`);
    const message = `heroku.yml was not used: it is for the container stack, and ${against}.`;
    return {
      files: present(appJson, manifest, convoxYml, procfile),
      notes: [{ code: "heroku-yml-unused", message, file: herokuYml.file }],
      assumeDockerfile: false,
    };
  }
  procfile?.ignore("on the container stack heroku.yml takes its place");
  return {
    files: present(
      herokuYml,
      withoutBuildpacks(appJson, "heroku.yml builds a Dockerfile"),
      manifest,
      convoxYml,
    ),
    notes: unused("heroku.yml"),
    assumeDockerfile: false,
  };
}

function namesDockerfile({ findings }: FileFindings): boolean {
  return findings.some(({ path }) => path[0] === "build" && path[1] === "dockerfile");
}

/** The file without its buildpacks, whose places are accounted for as ignored. */
function withoutBuildpacks(file: FileFindings | undefined, reason: string): FileFindings | undefined {
  if (file === undefined) return undefined;
  const isBuildpack = ({ path }: Finding): boolean => path[0] === "build" && path[1] === "buildpacks";
  for (const { from } of file.findings.filter(isBuildpack)) from.settle({ status: "ignored", reason });
  const findings = file.findings.filter((finding) => !isBuildpack(finding));
  return { ...file, findings, notes: file.notes.filter((note) => note.path !== "build.buildpacks") };
}
