import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { standIn } from "../../src/cli/stand-in.ts";
import { openStack, type Stack } from "../../src/engine/stack.ts";

const modules = fileURLToPath(new URL("../../node_modules", import.meta.url));

/** One object of the program that {@link KubernetesProgram} has when none is given. */
export interface ProgramResource {
  /** e.g. `kubernetes:core/v1:ConfigMap` */
  readonly type: string;
  readonly name: string;
  readonly inputs: object;
  /** Of the resource; `after` names resources of this program that it depends on. */
  readonly options?: object;
  readonly after?: readonly string[];
}

/** Registers what `values.json` lists, without the package's own classes, which take long to load. */
const listing = `import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
const { resources, provider: config } = JSON.parse(readFileSync(new URL("values.json", import.meta.url), "utf8"));
class Provider extends pulumi.ProviderResource {}
const provider = new Provider("kubernetes", "cluster", config);
const made = new Map();
for (const { type, name, inputs, options, after = [] } of resources) {
  const dependsOn = after.map((needed: string) => made.get(needed));
  made.set(name, new pulumi.CustomResource(type, name, inputs, { provider, dependsOn, ...options }));
}
`;

/** A Pulumi program in a temporary folder that has no plugin for Kubernetes, and its stack. */
export class KubernetesProgram implements Disposable {
  readonly folder: string;
  readonly #kubeconfig: string;

  constructor(kubeconfig: string, program = listing) {
    this.#kubeconfig = kubeconfig;
    this.folder = mkdtempSync(join(tmpdir(), "understudy-program-"));
    mkdirSync(join(this.folder, "home"));
    writeFileSync(
      join(this.folder, "Pulumi.yaml"),
      "name: shop\nruntime: { name: nodejs, options: { typescript: false } }\nmain: index.ts\n",
    );
    writeFileSync(join(this.folder, "package.json"), '{"name": "program", "type": "module"}');
    symlinkSync(modules, join(this.folder, "node_modules"));
    writeFileSync(join(this.folder, "index.ts"), program);
    this.list([]);
  }

  /** What the program reads from now on as `values.json`, besides the kubeconfig. */
  values(values: object): void {
    writeFileSync(
      join(this.folder, "values.json"),
      JSON.stringify({ kubeconfig: this.#kubeconfig, provider: { kubeconfig: this.#kubeconfig }, ...values }),
    );
  }

  list(resources: readonly ProgramResource[], provider: object = {}): void {
    this.values({ resources, provider: { kubeconfig: this.#kubeconfig, ...provider } });
  }

  stack(): Promise<Stack> {
    const { PULUMI_BACKEND_URL: _, PULUMI_DEBUG_PROVIDERS: __, KUBECONFIG: ___, ...inherited } = process.env;
    return openStack({
      projectDir: this.folder,
      stack: "dev",
      passphrase: "correct horse",
      standIns: standIn,
      // A plugin that this machine has would serve in the stand-in's place.
      env: { ...inherited, PULUMI_HOME: join(this.folder, "home"), PULUMI_IGNORE_AMBIENT_PLUGINS: "true" },
    });
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
