import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { opcode, rcode, recordClass, recordType, typeNumber } from "../../../src/base/dns/codes.ts";
import { decodeData } from "../../../src/base/dns/data.ts";
import { decodeMessage, emptyMessage, encodeMessage } from "../../../src/base/dns/message.ts";
import { signMessage } from "../../../src/base/dns/tsig.ts";
import { run } from "../../../src/base/run.ts";
import type { DnsConfigInput } from "../../../src/local/dns/config.ts";
import { type DnsServer, startDnsServer } from "../../../src/local/dns/server.ts";
import { exchange } from "../../../src/traffic/exchange.ts";
import { questionFor } from "../../../src/traffic/reading.ts";
import { openZone } from "../../../src/traffic/registry.ts";
import { zoneSettingsSchema } from "../../../src/traffic/settings.ts";
import { eventually } from "../../support/process.ts";

const secret = Buffer.from("a secret for this test only").toString("base64");
const key = { name: "owner", algorithm: "hmac-sha256" as const, secret };
/** For an answer that will come. */
const timeoutMs = 30_000;

let folder: string;
let server: DnsServer;

function configuration(changes: Partial<DnsConfigInput> = {}): DnsConfigInput {
  return {
    folder: join(folder, "zones"),
    keys: [key],
    zones: [
      {
        name: "herokudns.test",
        records: [{ name: "*.herokudns.test", type: "A", value: "127.0.10.1" }],
      },
      {
        name: "example.test",
        updateKeys: ["owner"],
        records: [
          { name: "www.example.test", type: "CNAME", ttlSeconds: 5, value: "app.herokudns.test" },
          { name: "away.example.test", type: "CNAME", value: "elsewhere.example.net" },
          { name: "lost.example.test", type: "CNAME", value: "nobody.example.test" },
          { name: "ring.example.test", type: "CNAME", value: "ring.example.test" },
          { name: "deep.down.example.test", type: "TXT", value: "here" },
          { name: "*.wild.example.test", type: "A", value: "192.0.2.7" },
          { name: "sub.wild.example.test", type: "TXT", value: "a name of its own" },
        ],
      },
    ],
    ...changes,
  };
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "dns-"));
  server = await startDnsServer(configuration());
});
afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

interface Seen {
  readonly rcode: number;
  readonly answers: readonly string[];
  readonly authorities: readonly number[];
}

async function ask(name: string, type: string, port = server.port): Promise<Seen> {
  const { message } = await exchange({ host: "127.0.0.1", port }, questionFor(name, typeNumber(type) ?? 0), {
    timeoutMs,
    mode: "question",
  });
  return {
    rcode: message.rcode,
    answers: message.answers.map(
      (record) => `${record.name} ${record.ttl} ${decodeData(record.type, record.data)}`,
    ),
    authorities: message.authorities.map((record) => record.type),
  };
}

/** The key in a file: an argument would show it to every user of the machine. */
async function keyFile(): Promise<string> {
  const path = join(folder, "key.conf");
  await writeFile(path, `key "owner" { algorithm hmac-sha256; secret "${secret}"; };\n`, { mode: 0o600 });
  return path;
}

async function nsupdate(...lines: readonly string[]): Promise<string> {
  const input = [`server 127.0.0.1 ${server.port}`, "zone example.test", ...lines, "send", "answer", ""];
  const { stdout, stderr } = await run("nsupdate", ["-k", await keyFile()], {
    input: input.join("\n"),
    allowFailure: true,
  });
  return `${stdout}\n${stderr}`;
}

const hasTools = await run("nsupdate", ["-V"], { allowFailure: true }).then(
  () => true,
  () => false,
);

describe("answers", () => {
  test("CNAMEs are followed through all zones of the server, and no further", async () => {
    expect(await ask("WWW.example.test", "A")).toEqual({
      rcode: 0,
      answers: ["WWW.example.test 5 app.herokudns.test", "app.herokudns.test 30 127.0.10.1"],
      authorities: [],
    });
    expect((await ask("away.example.test", "A")).answers).toEqual([
      "away.example.test 30 elsewhere.example.net",
    ]);
    expect((await ask("www.example.test", "CNAME")).answers).toHaveLength(1);
    expect(await ask("lost.example.test", "A")).toMatchObject({ rcode: 3, authorities: [recordType.SOA] });
    expect((await ask("ring.example.test", "A")).answers).toHaveLength(8);
  });

  test("no such name, no such type and an empty place between names are told apart", async () => {
    expect(await ask("nobody.example.test", "A")).toEqual({
      rcode: 3,
      answers: [],
      authorities: [recordType.SOA],
    });
    expect(await ask("www.example.test", "ANY")).toMatchObject({ rcode: 0 });
    expect(await ask("deep.down.example.test", "A")).toEqual({
      rcode: 0,
      answers: [],
      authorities: [recordType.SOA],
    });
    expect(await ask("down.example.test", "A")).toMatchObject({ rcode: 0, answers: [] });
    expect(await ask("www.example.org", "A")).toMatchObject({ rcode: 5 });
    expect(await ask("example.test", "AXFR")).toMatchObject({ rcode: 5 });
  });

  test("a wildcard covers what is not there, and nothing below a name that is", async () => {
    expect((await ask("x.wild.example.test", "A")).answers).toEqual(["x.wild.example.test 30 192.0.2.7"]);
    expect((await ask("y.x.wild.example.test", "A")).answers).toHaveLength(1);
    expect(await ask("sub.wild.example.test", "A")).toMatchObject({ rcode: 0, answers: [] });
    expect(await ask("x.sub.wild.example.test", "A")).toMatchObject({ rcode: 3 });
  });

  test("static zones can be set anew, and faults switched on and off", async () => {
    server.setStatic("herokudns.test", [
      { name: "one.herokudns.test", type: "A", ttlSeconds: 1, value: "127.0.10.9" },
    ]);
    expect((await ask("one.herokudns.test", "A")).answers).toEqual(["one.herokudns.test 1 127.0.10.9"]);
    expect(() => server.setStatic("other.test", [])).toThrow(
      expect.objectContaining({ code: "unknown-zone" }),
    );
    server.setFaults({ queries: "refuse" });
    expect(await ask("one.herokudns.test", "A")).toMatchObject({ rcode: 5, answers: [] });
    server.setFaults({ queries: "servfail" });
    expect(await ask("one.herokudns.test", "A")).toMatchObject({ rcode: 2 });
    server.reload(configuration());
    expect((await ask("two.herokudns.test", "A")).answers).toEqual(["two.herokudns.test 30 127.0.10.1"]);
    server.setFaults({ queries: "drop" });
    await expect(
      exchange({ host: "127.0.0.1", port: server.port }, questionFor("example.test", 6), {
        timeoutMs: 300,
        mode: "question",
      }),
    ).rejects.toMatchObject({ code: "dns-timeout" });
  });

  test("malformed messages are answered as such, or not at all", async () => {
    const wire = questionFor("example.test", recordType.SOA);
    const cut = wire.subarray(0, wire.length - 3);
    expect(await rawTcp(cut)).toEqual({ code: rcode.FORMERR, opcode: opcode.QUERY });
    const notify = encodeMessage({ ...emptyMessage, id: 9, opcode: 4 });
    expect(await rawTcp(notify)).toEqual({ code: 4, opcode: 4 });
    const response = encodeMessage({ ...emptyMessage, id: 9, response: true });
    // Nothing is said to an answer; the next question on the connection is answered.
    expect(await rawTcp(response, wire)).toEqual({ code: 0, opcode: 0 });
  });
});

/** Sends messages over one connection, byte by byte, and reads the first answer. */
async function rawTcp(
  ...wires: readonly Buffer[]
): Promise<{ readonly code: number; readonly opcode: number }> {
  const socket = connect(server.port, "127.0.0.1");
  await once(socket, "connect");
  for (const wire of wires) for (const byte of [0, wire.length, ...wire]) socket.write(Buffer.of(byte));
  const [answer] = (await once(socket, "data")) as [Buffer];
  socket.destroy();
  const message = decodeMessage(answer.subarray(2));
  return { code: message.rcode, opcode: message.opcode };
}

describe.skipIf(!hasTools)("the tools of bind9 (skipped without nsupdate and dig)", () => {
  test("nsupdate's updates are taken, with the conditions of RFC 2136", async () => {
    expect(
      await nsupdate("prereq nxdomain a.example.test", "update add a.example.test 60 A 192.0.2.1"),
    ).toContain("status: NOERROR");
    expect(server.records("example.test")).toContainEqual({
      name: "a.example.test",
      type: "A",
      ttlSeconds: 60,
      value: "192.0.2.1",
    });
    expect(await nsupdate("prereq nxdomain a.example.test", "update delete a.example.test")).toContain(
      "YXDOMAIN",
    );
    expect(await nsupdate("prereq yxdomain b.example.test", "update delete a.example.test")).toContain(
      "NXDOMAIN",
    );
    expect(await nsupdate("prereq nxrrset a.example.test A", "update delete a.example.test")).toContain(
      "YXRRSET",
    );
    expect(await nsupdate("prereq yxrrset a.example.test TXT", "update delete a.example.test")).toContain(
      "NXRRSET",
    );
    expect(
      await nsupdate("prereq yxrrset a.example.test A 192.0.2.2", "update delete a.example.test"),
    ).toContain("NXRRSET");
    expect(
      await nsupdate("prereq yxrrset a.example.test A 192.0.2.1", "update delete a.example.test"),
    ).toContain("NOERROR");
    expect(await ask("a.example.test", "A")).toMatchObject({ rcode: 3 });
  });

  test("unsigned updates are refused, and dig believes the signed answers", async () => {
    const unsigned = await run("nsupdate", [], {
      input: `server 127.0.0.1 ${server.port}\nzone example.test\nupdate add a.example.test 60 A 192.0.2.1\nsend\n`,
      allowFailure: true,
    });
    expect(unsigned.stderr).toContain("REFUSED");
    const args = [
      "-k",
      await keyFile(),
      "@127.0.0.1",
      "-p",
      String(server.port),
      "www.example.test",
      "A",
      "+norec",
    ];
    for (const transport of ["+notcp", "+tcp"]) {
      const { stdout } = await run("dig", [...args, transport]);
      expect(stdout).toContain("status: NOERROR");
      expect(stdout).toContain("TSIG PSEUDOSECTION");
      expect(stdout).not.toContain("Couldn't verify signature");
    }
  });

  test("EDNS is answered, unknown versions are not, long answers are cut and come over TCP", async () => {
    server.setStatic(
      "herokudns.test",
      Array.from({ length: 200 }, (_, n) => ({
        name: "long.herokudns.test",
        type: "A",
        ttlSeconds: 1,
        value: `192.0.2.${n + 1}`,
      })),
    );
    const dig = async (...more: readonly string[]): Promise<string> => {
      const at = ["@127.0.0.1", "-p", String(server.port), "long.herokudns.test", "A", "+norec"];
      return (await run("dig", [...at, ...more])).stdout;
    };
    expect(await dig("+edns=0")).toMatch(/Truncated, retrying in TCP[\s\S]*ANSWER: 200/);
    expect(await dig("+ignore", "+bufsize=4096")).toMatch(
      /flags: qr aa tc;[\s\S]*EDNS: version: 0, flags:; udp: 1232/,
    );
    expect(await dig("+edns=5", "+noednsnegotiation")).toContain("status: BADVERS");
  });
});

describe("keeping and ending", () => {
  test("a changed zone outlives the server; a damaged file is named", async () => {
    const zone = openZone(
      zoneSettingsSchema.parse({
        type: "rfc2136",
        zone: "example.test",
        names: ["new.example.test"],
        servers: [`127.0.0.1:${server.port}`],
        key,
      }),
    );
    const change = {
      expect: undefined,
      ledger: { epoch: 1, active: "primary", by: "test" },
      target: { type: "A" as const, values: ["192.0.2.1"] },
      ttlSeconds: 9,
    };
    await zone.change(change, { timeoutMs });
    await server.close();
    server = await startDnsServer(configuration());
    expect((await ask("new.example.test", "A")).answers).toEqual(["new.example.test 9 192.0.2.1"]);
    expect((await ask("example.test", "SOA")).answers[0]).toContain("hostmaster.example.test 2 ");
    await server.close();
    const file = join(folder, "zones", "example.test.json");
    await writeFile(file, '{"version": 1, "zo');
    await expect(startDnsServer(configuration())).rejects.toMatchObject({
      code: "bad-zone-file",
      path: file,
    });
  });

  test("a zone that can't be written is not changed, and the answer is SERVFAIL", async () => {
    // A file stands where the folder should be.
    await writeFile(join(folder, "zones"), "");
    const update = encodeMessage({
      ...emptyMessage,
      id: 1,
      opcode: opcode.UPDATE,
      questions: [{ name: "example.test", type: recordType.SOA, class: recordClass.IN }],
      authorities: [
        {
          name: "a.example.test",
          type: recordType.A,
          class: recordClass.IN,
          ttl: 1,
          data: Buffer.of(192, 0, 2, 1),
        },
      ],
    });
    const { wire } = signMessage(update, key, { timeSigned: Math.floor(Date.now() / 1000) });
    const { message } = await exchange({ host: "127.0.0.1", port: server.port }, wire, {
      timeoutMs,
      mode: "once-udp",
    });
    expect(message.rcode).toBe(rcode.SERVFAIL);
    expect(await ask("a.example.test", "A")).toMatchObject({ rcode: rcode.NXDOMAIN });
  });

  test("a port in use is named; closing twice is harmless", async () => {
    const taken = startDnsServer(configuration({ port: server.port }));
    await expect(taken).rejects.toMatchObject({ code: "port-in-use" });
    await expect(taken).rejects.toThrow(`127.0.0.1:${server.port}`);
    await server.close();
    await server.close();
    const again = await startDnsServer(configuration({ port: server.port }));
    await again.close();
  });

  test("records that can't be are refused at the start", async () => {
    const zone = (...records: { name: string; type: string; value: string }[]): DnsConfigInput => ({
      zones: [{ name: "bad.test", records }],
    });
    const reject = async (config: DnsConfigInput, why: RegExp): Promise<void> => {
      await expect(startDnsServer(config)).rejects.toThrow(why);
    };
    await reject(zone({ name: "a.bad.test", type: "A", value: "nowhere" }), /IPv4/);
    await reject(zone({ name: "a.other.test", type: "A", value: "192.0.2.1" }), /not in the zone/);
    await reject(zone({ name: "a.bad.test", type: "Q", value: "x" }), /no such type/);
    const cname = { name: "a.bad.test", type: "CNAME", value: "b.test" };
    await reject(zone(cname, { name: "a.bad.test", type: "A", value: "192.0.2.1" }), /stands alone/);
    await expect(startDnsServer({ address: "0.0.0.0", zones: [] })).rejects.toThrow(/loopback/);
  });
});

describe("as a process", () => {
  const children: ChildProcess[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) child.kill("SIGKILL");
  });

  async function launch(config: unknown): Promise<{ child: ChildProcess; first: string }> {
    const path = join(folder, "config.json");
    await writeFile(path, typeof config === "string" ? config : JSON.stringify(config), { mode: 0o600 });
    const child = spawn(process.execPath, ["src/local/dns/process.ts", path], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    children.push(child);
    const line = (stream: NodeJS.ReadableStream): Promise<string> =>
      once(stream, "data").then(([chunk]) => String(chunk));
    return { child, first: await Promise.race([line(child.stdout), line(child.stderr)]) };
  }

  test("tells where it listens, reads its file again, and ends well", async () => {
    const config = configuration({ folder: join(folder, "process") });
    const { child, first } = await launch(config);
    const { address, port, pid } = JSON.parse(first) as { address: string; port: number; pid: number };
    expect([address, pid]).toEqual(["127.0.0.1", child.pid]);
    expect((await ask("www.example.test", "A", port)).answers).toHaveLength(2);

    await writeFile(
      join(folder, "config.json"),
      JSON.stringify({ ...config, faults: { queries: "servfail" } }),
    );
    child.kill("SIGHUP");
    await eventually("the fault is on", async () => (await ask("www.example.test", "A", port)).rcode === 2);

    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
  });

  test.each([
    ["a port in use", () => configuration({ port: server.port }), /is in use by another process/],
    ["no JSON", () => "{", /is not JSON/],
    ["a wrong key", () => ({ zones: [], keys: [{ name: "a", secret: "!canary!" }] }), /base64/],
  ])("%s is said in one line, without secrets", async (_, config, message) => {
    const { child, first } = await launch(config());
    expect(first).toMatch(message);
    expect(first.trimEnd()).not.toContain("\n");
    expect(first).not.toContain("canary");
    expect(await once(child, "exit")).toEqual([1, null]);
  });
});
