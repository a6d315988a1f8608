import { z } from "zod";
import { NotFoundError, UnderstudyError } from "../base/errors.ts";
import { writeFileAtomic } from "../base/file.ts";
import { httpSend } from "../base/http.ts";
import { changeFaults } from "./admin.ts";
import type { LocalInfo } from "./info.ts";
import { readJsonIfExists } from "./json-file.ts";
import { forgetProcess, hasEnded, launch, runningProcess } from "./launch.ts";
import { layout, type PartName, type ProviderName } from "./layout.ts";
import { readProviderConfig } from "./provider-config.ts";
import { endOrphans } from "./runtime/children.ts";
import type { FaultState } from "./runtime/contract.ts";
import { signalGroup } from "./runtime/process-identity.ts";

const killLimitMs = 10_000;

/** What the local platforms of a folder told when they started. Throws `not-up`. */
export async function readLocalInfo(folder: string): Promise<LocalInfo> {
  const info = await readJsonIfExists(layout.info(folder));
  if (info !== undefined) return info as LocalInfo;
  throw new NotFoundError("No local platforms are up in this folder.", {
    code: "not-up",
    path: folder,
    suggestion: "Start them with 'understudy local up', or name another folder with --folder.",
  });
}

/** Starts a part from what its folder holds, if it isn't running; gives its process id. */
export async function startPart(folder: string, part: PartName): Promise<number> {
  const running = await runningProcess(folder, part);
  if (running !== undefined) return running.pid;
  return await launch(folder, part);
}

/** Ends a part and all that it started, at once, as a power cut would; its files stay. One that doesn't run is no error. */
export async function killPart(folder: string, part: PartName): Promise<void> {
  const record = await runningProcess(folder, part);
  if (record !== undefined) {
    // It goes first, so that it can't start again what is ended next.
    signalGroup(record.pid, "SIGKILL");
    if (!(await hasEnded(record, killLimitMs))) {
      throw new UnderstudyError(`Process ${record.pid} of the local ${part} did not end on SIGKILL.`, {
        code: "not-ended",
      });
    }
  }
  if (part !== "dns") await endOrphans(layout.runtime(folder, part));
  await forgetProcess(folder, part);
}

/** Loses a provider whole: its API, router, apps, PostgreSQL and Redis are gone at once, as in an outage. */
export async function killProvider(path: string, name: ProviderName): Promise<void> {
  const { folder } = await readLocalInfo(path);
  await killPart(folder, name);
}

/** Brings a provider back from what its folder holds: its apps are started and its databases recovered. */
export async function startProvider(path: string, name: ProviderName): Promise<LocalInfo> {
  const info = await readLocalInfo(path);
  const pid = await startPart(info.folder, name);
  const changed = { ...info, [name]: { ...info[name], pid } };
  await writeLocalInfo(changed);
  return changed;
}

export async function writeLocalInfo(info: LocalInfo): Promise<void> {
  await writeFileAtomic(layout.info(info.folder), `${JSON.stringify(info, undefined, 2)}\n`, { mode: 0o600 });
}

/** Makes a provider fail on purpose, or no more; gives what is switched on then. Throws `provider-lost` when it doesn't run. */
export async function setFault(
  path: string,
  name: ProviderName,
  change: Partial<FaultState>,
): Promise<FaultState> {
  const { folder } = await readLocalInfo(path);
  if ((await runningProcess(folder, name)) === undefined) {
    throw new UnderstudyError(`The local ${name} doesn't run: it can't be made to fail in any other way.`, {
      code: "provider-lost",
      suggestion: `Bring it back with 'understudy local start ${name}'.`,
    });
  }
  const { admin } = await readProviderConfig(layout.config(folder, name));
  return await changeFaults(admin, change);
}

/** Renews the credentials of a database of the local Heroku, through its API as its owner would. */
export async function rotateDatabase(folder: string, addon: string): Promise<void> {
  const { heroku } = await readLocalInfo(folder);
  const response = await httpSend({
    method: "POST",
    url: `${heroku.url}/postgres/v0/databases/${encodeURIComponent(addon)}/credentials_rotation`,
    headers: {
      Accept: "application/vnd.heroku+json; version=3",
      Authorization: `Bearer ${heroku.token}`,
      "Content-Type": "application/json",
    },
    body: "{}",
  });
  if (response.status < 300) return;
  const message = z.object({ message: z.string() }).safeParse(safeJson(response.text)).data?.message;
  throw new UnderstudyError(
    `The credentials of '${addon}' were not rotated: ${message ?? `status ${response.status}`}.`,
    {
      code: response.status === 404 ? "unknown-database" : "rotation-failed",
      suggestion: "Name the add-on as 'heroku addons' shows it, e.g. postgresql-angular-12345.",
    },
  );
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
