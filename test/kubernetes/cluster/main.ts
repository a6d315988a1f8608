import { parseArgs } from "node:util";
import { messageOf } from "../../../src/base/errors.ts";
import { buildBinaries } from "./binaries.ts";
import { endCluster, startCluster } from "./cluster.ts";
import { defaultClusterRoot } from "./place.ts";
import { findCluster, type RunningCluster } from "./record.ts";
import { kubernetesVersion } from "./versions.ts";

const usage = `Usage: script/kubernetes up|down|status|build [--folder DIR] [--owner PID] [--json]
  up      starts a Kubernetes cluster of one node on this machine and prints its kubeconfig's path
  down    ends it, and leaves nothing
  status  says whether it is up
  build   only builds what is needed
--folder  where it keeps everything (default: ${defaultClusterRoot})
--owner   end it by itself when that process has ended`;

const say = (line: string) => void process.stderr.write(`kubernetes: ${line}\n`);

function show(cluster: RunningCluster | undefined, json: boolean): void {
  if (json) {
    // Who needs them finds them in the kubeconfig.
    const { token: _, ca: __, ...open } = cluster ?? {};
    process.stdout.write(
      `${JSON.stringify({ up: cluster !== undefined, version: kubernetesVersion, ...open })}\n`,
    );
  } else process.stdout.write(`${cluster === undefined ? "down" : cluster.kubeconfig}\n`);
}

async function main(): Promise<number> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      folder: { type: "string" },
      owner: { type: "string" },
      json: { type: "boolean", default: false },
    },
  });
  const root = values.folder ?? defaultClusterRoot;
  const [verb, ...more] = positionals;
  if (more.length > 0) throw new Error(`'${more.join(" ")}' is too much.\n${usage}`);
  switch (verb) {
    case "up": {
      const before = await findCluster(root);
      if (before !== undefined) say(`it is up already, in ${root}`);
      const owner = values.owner === undefined ? undefined : Number(values.owner);
      show(before ?? (await startCluster({ root, owner, say })), values.json);
      return 0;
    }
    case "down": {
      const was = await endCluster(root);
      say(was ? `ended what was in ${root}` : `there is none in ${root}`);
      return 0;
    }
    case "status": {
      const cluster = await findCluster(root);
      show(cluster, values.json);
      return cluster === undefined ? 1 : 0;
    }
    case "build":
      await buildBinaries(say);
      return 0;
    default:
      process.stderr.write(`${usage}\n`);
      return 2;
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  say(messageOf(error));
  process.exitCode = 1;
}
