import { lstat, mkdir, readlink, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createChildren } from "../../../src/local/runtime/children.ts";
import { createFaults } from "../../../src/local/runtime/faults.ts";
import { createPorts } from "../../../src/local/runtime/ports.ts";
import { makeHome, removePostgresFiles } from "../../../src/local/runtime/postgres-files.ts";
import { serviceUser } from "../../../src/local/runtime/service-user.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { makeRuntime } from "../../support/runtime.ts";

const isRoot = process.getuid?.() === 0;

// Only root runs servers as someone else; for any other user there is nothing to reach.
test.skipIf(!isRoot)(
  "files that the server's user can't reach lie elsewhere, and are removed there",
  async () => {
    const folder = await temporaryFolder();
    await mkdir(folder, { recursive: true });
    const services = {
      folder,
      address: "127.0.0.1",
      children: createChildren(folder),
      ports: createPorts(),
      faults: createFaults(),
    };
    const id = 65_534;
    const plainUser = {
      uid: id,
      gid: id,
      command: (command: string, args: readonly string[]) => ({ command, args, user: { uid: id, gid: id } }),
    };
    const home = join(folder, "postgres");
    await makeHome(home, services, plainUser);
    const elsewhere = await readlink(home);
    expect(await stat(elsewhere)).toMatchObject({ uid: id, gid: id });
    await writeFile(join(home, "file"), "");
    await removePostgresFiles(folder);
    await expect(stat(elsewhere)).rejects.toMatchObject({ code: "ENOENT" });
    await expect(readlink(home)).rejects.toMatchObject({ code: "ENOENT" });
    await removePostgresFiles(folder);
  },
);

const user = await serviceUser();
const canReachAll = user === undefined || user.command("true", []).command === "setpriv";

// Containers may keep back the capability; then the test above says where the files lie.
test.skipIf(!canReachAll)("otherwise all is in the one folder", async () => {
  const runtime = await makeRuntime();
  await runtime.postgres.create("a");
  expect((await lstat(join(runtime.folder, "postgres"))).isDirectory()).toBe(true);
});
