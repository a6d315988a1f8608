// DESIGN: imports go one way: cli -> drill, failover -> traffic, data, site -> platform -> app -> base.
// Each rule names a folder and the folders it may import from; anything else is an error.
const allowed = {
  base: [],
  app: ["base"],
  import: ["app", "base"],
  platform: ["app", "base"],
  site: ["platform", "traffic", "app", "base"],
  traffic: ["platform", "base"],
  data: ["app", "base"],
  engine: ["base"],
  failover: ["traffic", "data", "platform", "app", "base"],
  drill: ["failover", "traffic", "data", "platform", "app", "base"],
  local: ["base"],
};
const rules = Object.entries(allowed).map(([folder, targets]) => ({
  name: `src-${folder}-imports`,
  comment: `src/${folder} may import only from: ${[folder, ...targets].join(", ")}`,
  severity: "error",
  from: { path: `^src/${folder}/` },
  to: { path: "^(src|providers|stacks|test)/", pathNot: `^src/(${[folder, ...targets].join("|")})/` },
}));
// The one registry is the only file of src that may reach a provider.
const platformRule = rules.find((rule) => rule.name === "src-platform-imports");
platformRule.from.pathNot = "^src/platform/registry\\.ts$";

module.exports = {
  forbidden: [
    ...rules,
    { name: "no-circular", severity: "error", from: {}, to: { circular: true } },
    {
      name: "providers-import",
      comment: "A provider imports src/app, src/platform and src/base only.",
      severity: "error",
      from: { path: "^providers/[^/]+/" },
      to: { path: "^(src|stacks|test)/", pathNot: "^src/(app|platform|base)/" },
    },
    {
      name: "providers-do-not-mix",
      severity: "error",
      from: { path: "^providers/([^/]+)/" },
      // OpenShift is Kubernetes with differences, and made of it.
      to: { path: "^providers/[^/]+/", pathNot: "^providers/($1|kubernetes)/" },
    },
    {
      name: "only-openshift-extends-kubernetes",
      severity: "error",
      from: { path: "^providers/([^/]+)/", pathNot: "^providers/(kubernetes|openshift)/" },
      to: { path: "^providers/kubernetes/" },
    },
    {
      name: "only-cli-exits-into-cli",
      severity: "error",
      from: { path: "^(src|providers|stacks)/", pathNot: "^src/cli/" },
      to: { path: "^src/cli/" },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    doNotFollow: { path: "node_modules" },
    enhancedResolveOptions: { extensions: [".ts", ".js", ".json"] },
  },
};
