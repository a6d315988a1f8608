import { stringify } from "yaml";
import type { App } from "../app/schema.ts";
import type { JsonObject } from "../base/json.ts";
import type { Platform } from "../platform/contract.ts";

/** What a site's settings begin with. */
type SitePlatform = Pick<Platform, "name" | "access">;

/** The commands that tell a stack how its site is reached. */
export function accessCommands(stack: string, { access }: SitePlatform): readonly string[] {
  return Object.entries(access).map(([key, kind]) => {
    const option = kind === "secret" ? " --secret" : "";
    return `understudy config set ${stack} --path${option} understudy:connection.${key}`;
  });
}

/** What `init` has to know of where the app will stand. */
export interface ProjectWish {
  readonly app: App;
  readonly primary: SitePlatform;
  readonly mirror: SitePlatform;
  /** The zone of the app's domain and its authoritative servers; undefined = to be filled in. */
  readonly zone?: string;
  readonly servers?: readonly string[];
  /** How `stacks/index.mjs` finds the programs, e.g. `understudy/stacks`. */
  readonly programs: string;
  /** Folder of the plugin, relative to the project. */
  readonly plugin: string;
}

/** The zone of a host name, as far as one can tell: the name without its first label. */
function parentOf(name: string): string {
  return name.split(".").slice(1).join(".");
}

function traffic({ app, zone, servers }: ProjectWish): JsonObject {
  const names = app.domains.length === 0 ? [`${app.name}.${zone ?? "example.com"}`] : [...app.domains];
  return {
    type: "rfc2136",
    zone: zone ?? parentOf(names[0] ?? ""),
    names: names.filter((name) => zone === undefined || name === zone || name.endsWith(`.${zone}`)),
    ttlSeconds: 30,
    servers: [...(servers ?? ["192.0.2.53:53"])],
  };
}

function projectYaml(wish: ProjectWish): string {
  return `# The Pulumi project of ${wish.app.name}: three stacks, two sites and the DNS records that lead to one of them.
${stringify({
  name: wish.app.name,
  runtime: { name: "nodejs", options: { typescript: false } },
  main: "stacks/index.mjs",
  plugins: { providers: [{ name: "understudy", path: wish.plugin }] },
  config: {
    "understudy:app": { value: "understudy.yaml" },
    "understudy:traffic": { value: traffic(wish) },
  },
})}`;
}

function siteYaml(stack: string, platform: SitePlatform): string {
  const commands = accessCommands(stack, platform).map((command) => `#   ${command}\n`);
  return `# Where this site stands. How it is reached is set by (each asks for the value, or takes it from a file: < FILE):
${commands.join("")}${stringify({ config: { "understudy:platform": platform.name, "understudy:settings": {}, "understudy:connection": {} } })}`;
}

const edgeYaml = `# The DNS records. What may change them is secret:
#   understudy config set edge --secret --path understudy:trafficKey.secret   (asks for the value)
${stringify({ config: { "understudy:trafficKey": { name: "understudy", algorithm: "hmac-sha256" } } })}`;

function programFile({ programs }: ProjectWish): string {
  return `// The programs of this project's stacks, by the stack's name: primary, mirror, edge. Write your own here to go further.
export { default } from ${JSON.stringify(programs)};
`;
}

/** Every file of a new project, by its path; the app's own description comes besides. */
export function projectFiles(wish: ProjectWish): Readonly<Record<string, string>> {
  return {
    "Pulumi.yaml": projectYaml(wish),
    "Pulumi.primary.yaml": siteYaml("primary", wish.primary),
    "Pulumi.mirror.yaml": siteYaml("mirror", wish.mirror),
    "Pulumi.edge.yaml": edgeYaml,
    "stacks/index.mjs": programFile(wish),
    // Pulumi loads a program by the nearest package.json; the app's own may say CommonJS, or not be there.
    "stacks/package.json": `${JSON.stringify({ private: true, type: "module" }, undefined, 2)}\n`,
  };
}
