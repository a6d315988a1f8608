import { join, resolve } from "node:path";
import { UnsupportedError } from "../base/errors.ts";
import { folderOfFileUrl, type Project } from "./project.ts";

/**
 * Where the states of a project's stacks lie: where it was asked for, else by PULUMI_BACKEND_URL, else by `backend.url` of
 * Pulumi.yaml, else in `.understudy/state` of the project. Throws `backend-unsupported` for what isn't a folder.
 */
export function backendFolder(project: Project, env: NodeJS.ProcessEnv, asked: string | undefined): string {
  if (asked !== undefined) return resolve(asked);
  const url = env.PULUMI_BACKEND_URL;
  if (url === undefined || url === "")
    return project.backendFolder ?? join(project.root, ".understudy", "state");
  const folder = folderOfFileUrl(url, project.root);
  if (folder !== undefined) return folder;
  throw new UnsupportedError(
    "The offline engine keeps state in files, and PULUMI_BACKEND_URL names another backend.",
    {
      code: "backend-unsupported",
      suggestion: "Unset it, set it to a file:// URL, or use --engine pulumi.",
    },
  );
}
