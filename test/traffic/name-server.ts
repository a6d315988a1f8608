import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { accessSync, constants } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { recordType } from "../../src/base/dns/codes.ts";
import type { TsigKey } from "../../src/base/dns/tsig.ts";
import { startDnsServer } from "../../src/local/dns/server.ts";
import { createPorts } from "../../src/local/runtime/ports.ts";
import { readRecords } from "../../src/traffic/reading.ts";

/** A real name server with the zone `example.test`, started for a suite. */
export interface NameServer {
  readonly port: number;
  stop(): Promise<void>;
}

/** A kind of name server; `missing` tells why it can't be had here. */
export interface NameServerKind {
  readonly name: string;
  readonly missing: string | undefined;
  /** The code of the error for a key that it knows and that may change nothing. */
  readonly strangerIs: "zone-refused" | "key-unknown";
  start(): Promise<NameServer>;
}

/** May change the zone. */
export const ownerKey: TsigKey = {
  name: "owner",
  algorithm: "hmac-sha256",
  secret: randomBytes(32).toString("base64"),
};
/** Known to the server, and may change nothing. */
export const strangerKey: TsigKey = {
  name: "stranger",
  algorithm: "hmac-sha512",
  secret: randomBytes(64).toString("base64"),
};

const apex = "example.test";

/** What the zone holds at first. `long` has more addresses than fit into a UDP answer. */
const records: readonly (readonly [name: string, type: string, value: string])[] = [
  [apex, "SOA", `ns.${apex} hostmaster.${apex} 1 3600 600 86400 5`],
  [apex, "NS", `ns.${apex}`],
  [`ns.${apex}`, "A", "127.0.0.1"],
  [`mail.${apex}`, "MX", `10 ns.${apex}`],
  [`taken.${apex}`, "A", "192.0.2.99"],
  ...Array.from({ length: 95 }, (_, n) => [`long.${apex}`, "A", `192.0.2.${n + 1}`] as const),
];

const absolute = new Set(["NS", "SOA", "MX"]);

/** The zone as a master file: names are written with their final dot. */
function zoneFile(): string {
  const lines = records.map(([name, type, value]) => {
    const dotted = absolute.has(type) ? value.replaceAll(apex, `${apex}.`) : value;
    return `${name}. 30 IN ${type} ${dotted}`;
  });
  return `${lines.join("\n")}\n`;
}

function findProgram(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? "").split(":"), "/usr/sbin", "/usr/local/sbin"];
  return folders
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

const ports = createPorts();

/** A port that is free for both UDP and TCP at this moment. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = await ports.take("127.0.0.1");
    const udp = createSocket("udp4");
    try {
      udp.bind(port, "127.0.0.1");
      await once(udp, "listening");
      return port;
    } catch {
      // In use for UDP: another one.
    } finally {
      udp.close();
    }
  }
}

async function startProgram(
  program: string,
  configure: (folder: string, port: number) => { readonly config: string; readonly args: readonly string[] },
): Promise<NameServer> {
  const folder = await mkdtemp(join(tmpdir(), "name-server-"));
  const port = await freePort();
  const { config, args } = configure(folder, port);
  await mkdir(join(folder, "run"));
  await writeFile(join(folder, "server.conf"), config, { mode: 0o600 });
  await writeFile(join(folder, `${apex}.zone`), zoneFile());
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  child.stdout.on("data", (chunk) => {
    output += String(chunk);
  });
  child.stderr.on("data", (chunk) => {
    output += String(chunk);
  });
  const stop = async (): Promise<void> => {
    await end(child);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await untilItAnswers(port, child);
  } catch (error) {
    await stop();
    throw new Error(`${program} did not start: ${String(error)}\n${output}`);
  }
  return { port, stop };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  const impatience = setTimeout(() => child.kill("SIGKILL"), 5_000);
  await exited;
  clearTimeout(impatience);
}

async function untilItAnswers(port: number, child: ChildProcess): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
    try {
      await readRecords({ host: "127.0.0.1", port }, apex, recordType.SOA, { timeoutMs: 500 });
      return;
    } catch (error) {
      if (attempt === 240) throw error;
      await sleep(250);
    }
  }
}

function keyBlocks(): string {
  return [ownerKey, strangerKey]
    .map(({ name, algorithm, secret }) => `key "${name}" { algorithm ${algorithm}; secret "${secret}"; };`)
    .join("\n");
}

const named = findProgram("named");
const knotd = findProgram("knotd");

export const embedded: NameServerKind = {
  name: "the embedded server",
  missing: undefined,
  strangerIs: "zone-refused",
  async start() {
    const folder = await mkdtemp(join(tmpdir(), "name-server-"));
    const server = await startDnsServer({
      folder,
      zones: [
        {
          name: apex,
          updateKeys: [ownerKey.name],
          records: records.map(([name, type, value]) => ({ name, type, value })),
        },
      ],
      keys: [ownerKey, strangerKey],
    });
    const stop = async (): Promise<void> => {
      await server.close();
      await rm(folder, { recursive: true, force: true });
    };
    return { port: server.port, stop };
  },
};

export const bind9: NameServerKind = {
  name: "bind9",
  missing: named === undefined ? "named is not installed (Debian: bind9)" : undefined,
  strangerIs: "zone-refused",
  start: () =>
    startProgram(named ?? "", (folder, port) => ({
      args: ["-f", "-g", "-c", join(folder, "server.conf")],
      config: `
options {
  directory "${folder}"; pid-file none; session-keyfile "${folder}/run/session.key"; lock-file none;
  managed-keys-directory "${folder}/run";
  listen-on port ${port} { 127.0.0.1; }; listen-on-v6 { none; };
  recursion no; dnssec-validation no; notify no; allow-transfer { none; };
};
controls { };
${keyBlocks()}
zone "${apex}" { type primary; file "${apex}.zone"; update-policy { grant "${ownerKey.name}" zonesub ANY; }; };
`,
    })),
};

const knot: NameServerKind = {
  name: "knot",
  missing: knotd === undefined ? "knotd is not installed (Debian: knot)" : undefined,
  // Knot looks for the key in the zone's access list only.
  strangerIs: "key-unknown",
  start: () =>
    startProgram(knotd ?? "", (folder, port) => ({
      args: ["-c", join(folder, "server.conf")],
      config: `
server:
  rundir: "${folder}/run"
  listen: 127.0.0.1@${port}
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
database:
  storage: "${folder}/run"
  journal-db-max-size: 64M
  kasp-db-max-size: 16M
  timer-db-max-size: 16M
key:
${[ownerKey, strangerKey]
  .map(({ name, algorithm, secret }) => `  - id: ${name}\n    algorithm: ${algorithm}\n    secret: ${secret}`)
  .join("\n")}
acl:
  - id: update
    key: ${ownerKey.name}
    action: update
zone:
  - domain: ${apex}
    storage: "${folder}"
    file: "${apex}.zone"
    acl: update
log:
  - target: stdout
    any: info
`,
    })),
};

export const nameServerKinds: readonly NameServerKind[] = [embedded, bind9, knot];
