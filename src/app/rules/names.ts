import { type AppIssue, type AppPath, pathText } from "../issue.ts";
import { envNamesOf } from "../roles.ts";
import type { App } from "../schema.ts";

/** Platforms set these themselves: PORT everywhere, VCAP_* on Cloud Foundry. */
const reservedEnv = /^(PORT$|VCAP_)/;

/** Whether platforms keep an environment name for themselves. */
export function isReservedEnv(name: string): boolean {
  return reservedEnv.test(name);
}

function judgeEnv(app: App): readonly AppIssue[] {
  const uses: readonly (readonly [name: string, path: AppPath, inList: boolean])[] = [
    ...Object.entries(app.services).flatMap(([service, value]) =>
      envNamesOf(service, value).map((name, index) => {
        const path = ["services", service];
        return [
          name,
          value.env === undefined ? path : [...path, "env", index],
          value.env !== undefined,
        ] as const;
      }),
    ),
    ...Object.keys(app.config).map((name) => [name, ["config", name], false] as const),
    ...Object.keys(app.secrets).map((name) => [name, ["secrets", name], false] as const),
  ];
  const owners = new Map<string, AppPath>();
  return uses.flatMap(([name, path, inList]): readonly AppIssue[] => {
    const owner = owners.get(name);
    if (owner !== undefined) {
      return [
        {
          code: "env-taken",
          path,
          atKey: !inList,
          message: `The environment name ${name} is already that of ${pathText(owner)}.`,
          suggestion: "Each name has one source: keep one of the two.",
        },
      ];
    }
    owners.set(name, path);
    if (!isReservedEnv(name)) return [];
    return [
      {
        code: "reserved-name",
        path,
        atKey: !inList,
        message: `${name} is set by the platform.`,
        suggestion: name === "PORT" ? "Fix a port with http.port of a process, if it must be." : "Remove it.",
      },
    ];
  });
}

/** Platforms that allow only lower case and `-` make one object name of both. */
function judgeCollisions(section: "processes" | "schedule" | "services", app: App): readonly AppIssue[] {
  const seen = new Map<string, string>();
  return Object.keys(app[section]).flatMap((name): readonly AppIssue[] => {
    const slug = name.toLowerCase().replaceAll("_", "-");
    const other = seen.get(slug);
    seen.set(slug, name);
    if (other === undefined) return [];
    return [
      {
        code: "names-collide",
        path: [section, name],
        atKey: true,
        message: `'${name}' and '${other}' become the same name (${slug}) on platforms with narrower names.`,
        suggestion: "Rename one of them.",
      },
    ];
  });
}

function judgeLists(app: App): readonly AppIssue[] {
  const lists: readonly (readonly [string, readonly string[]])[] = [
    ["domains", app.domains],
    ["drains", app.drains.map((drain) => drain.url)],
  ];
  return lists.flatMap(([section, items]) =>
    items.flatMap((item, index): readonly AppIssue[] => {
      const first = items.indexOf(item);
      if (first === index) return [];
      return [
        {
          code: "duplicate",
          path: [section, index],
          message: `This is the same as ${section}[${first}].`,
          suggestion: "Remove one of the two.",
        },
      ];
    }),
  );
}

/** Names that are taken twice, or that a platform keeps for itself. */
export function judgeNames(app: App): readonly AppIssue[] {
  return [
    ...judgeEnv(app),
    ...judgeCollisions("processes", app),
    ...judgeCollisions("schedule", app),
    ...judgeCollisions("services", app),
    ...judgeLists(app),
  ];
}
