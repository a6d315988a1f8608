import { mkdir, readdir, writeFile } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { RefusedError, UnderstudyError } from "../base/errors.ts";
import { readTextIfExists, writeFileAtomic } from "../base/file.ts";
import { firstOrganization, firstSpace } from "./cloudfoundry/face.ts";
import { startPart, writeLocalInfo } from "./control.ts";
import { stopParts } from "./down.ts";
import type { LocalInfo } from "./info.ts";
import { readJsonIfExists } from "./json-file.ts";
import { layout, type PartName, partNames } from "./layout.ts";
import { type LocalConfig, makeLocalConfig, userZone } from "./local-config.ts";
import { withLock } from "./lock.ts";

export interface LocalOptions {
  /** Holds everything they keep; made when it isn't there, and gone with `down`. */
  readonly folder: string;
  /** Of both routers. @default any that is free on both addresses */
  readonly port?: number | undefined;
  /** What to start of them; the others keep their addresses, which nobody listens at. @default all */
  readonly parts?: readonly PartName[] | undefined;
  /** Ends the start, and what had started. */
  readonly signal?: AbortSignal | undefined;
}

/** `down` removes the folder, so it must be one that `up` made or found empty. */
async function claim(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  if ((await readTextIfExists(layout.marker(folder))) !== undefined) return;
  const others = (await readdir(folder)).filter((name) => !name.startsWith(basename(layout.lock(folder))));
  if (others.length > 0) {
    throw new RefusedError(`The folder holds other files (${others.slice(0, 3).join(", ")}).`, {
      code: "folder-in-use",
      rule: "own-folder",
      path: folder,
      suggestion: "Name an empty or new folder with --folder: 'down' will remove it whole.",
    });
  }
  await writeFile(layout.marker(folder), `${JSON.stringify({ version: 1 })}\n`);
}

async function loadConfig(folder: string): Promise<LocalConfig | undefined> {
  const configs = partNames.map((part) => readJsonIfExists(layout.config(folder, part)));
  const [heroku, cloudfoundry, dns] = await Promise.all(configs);
  if (heroku === undefined || cloudfoundry === undefined || dns === undefined) return undefined;
  // Each part checks its own when it starts.
  return { heroku, cloudfoundry, dns } as LocalConfig;
}

async function configure(folder: string, port: number | undefined): Promise<LocalConfig> {
  const known = await loadConfig(folder);
  if (known === undefined) {
    const made = await makeLocalConfig(folder, port);
    for (const part of partNames) {
      await writeFileAtomic(layout.config(folder, part), JSON.stringify(made[part]), { mode: 0o600 });
    }
    return made;
  }
  if (port !== undefined && port !== known.heroku.router.port) {
    throw new RefusedError(`The local platforms in this folder have port ${known.heroku.router.port}.`, {
      code: "port-fixed",
      rule: "keep-port",
      path: folder,
      suggestion: "Run 'understudy local down' first to have another port.",
    });
  }
  return known;
}

function infoOf(folder: string, config: LocalConfig, pids: Readonly<Record<PartName, number>>): LocalInfo {
  const { heroku, cloudfoundry, dns } = config;
  return {
    version: 1,
    folder,
    heroku: {
      url: `http://localhost:${heroku.api.port}`,
      token: heroku.credentials.secret,
      pid: pids.heroku,
      router: heroku.router,
      dnsZone: heroku.dnsZone,
    },
    cloudfoundry: {
      url: `http://localhost:${cloudfoundry.api.port}`,
      username: cloudfoundry.credentials.username,
      password: cloudfoundry.credentials.secret,
      organization: firstOrganization,
      space: firstSpace,
      pid: pids.cloudfoundry,
      router: cloudfoundry.router,
      appsDomain: cloudfoundry.dnsZone,
    },
    dns: { pid: pids.dns, server: `${dns.address}:${dns.port}`, zone: userZone, key: dns.keys[0] },
  };
}

/** Starts parts side by side; when one fails, throws its error once the others have settled. */
async function startParts(
  folder: string,
  parts: readonly PartName[],
): Promise<Readonly<Record<PartName, number>>> {
  const started = await Promise.allSettled(
    partNames.map((part) => (parts.includes(part) ? startPart(folder, part) : 0)),
  );
  const pids = started.map((result) => {
    if (result.status === "rejected") throw result.reason;
    return result.value;
  });
  const [heroku = 0, cloudfoundry = 0, dns = 0] = pids;
  return { heroku, cloudfoundry, dns };
}

/**
 * Starts the local platforms, each provider and the name server as a process that outlives this one. What runs in the
 * folder already is left as it is, and what was lost is brought back. When a part of a new set can't start, nothing of it
 * stays. Throws `port-in-use`, `address-unavailable`, `folder-in-use` and `locked`, among others.
 */
export async function startLocal(options: LocalOptions): Promise<LocalInfo> {
  const folder = resolve(options.folder);
  return await withLock(layout.lock(folder), async () => {
    await claim(folder);
    const isNew = (await readTextIfExists(layout.info(folder))) === undefined;
    try {
      const config = await configure(folder, options.port);
      const pids = await startParts(folder, options.parts ?? partNames);
      if (options.signal?.aborted === true) {
        throw new UnderstudyError("The start of the local platforms was interrupted.", {
          code: "interrupted",
        });
      }
      const info = infoOf(folder, config, pids);
      await writeLocalInfo(info);
      return info;
    } catch (error) {
      if (isNew) await stopParts(folder);
      throw error;
    }
  });
}
