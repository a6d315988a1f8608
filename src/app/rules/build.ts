import type { AppIssue } from "../issue.ts";
import type { App } from "../schema.ts";

/** How the app's image comes to be must be one way, not two. */
export function judgeBuild(app: App): readonly AppIssue[] {
  const { build, source } = app;
  const issues: AppIssue[] = [];
  const ways = [
    ...("image" in source ? ["source.image"] : []),
    ...(build.buildpacks === undefined || build.buildpacks.length === 0 ? [] : ["build.buildpacks"]),
    ...(build.dockerfile === undefined ? [] : ["build.dockerfile"]),
  ];
  if (ways.length > 1) {
    issues.push({
      code: "two-builds",
      path: ["build"],
      message: `${ways.join(" and ")} exclude each other.`,
      suggestion: "Keep the one that makes the image which runs.",
    });
  }
  if (build.dockerfile === undefined) {
    for (const key of ["context", "args"] as const) {
      if (build[key] === undefined) continue;
      issues.push({
        code: "no-effect",
        path: ["build", key],
        message: `build.${key} is for a Dockerfile, and there is none.`,
        suggestion: "Name the Dockerfile in build.dockerfile, or remove this.",
      });
    }
  }
  return issues;
}
