import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The Go module that names every version that is built. */
export const moduleFolder = fileURLToPath(new URL(".", import.meta.url));

function requiredVersion(module: string): string {
  const text = readFileSync(new URL("go.mod", import.meta.url), "utf8");
  const escaped = module.replaceAll(".", "\\.");
  const found = new RegExp(`^\\s*(?:require )?${escaped} (v\\S+)`, "m").exec(text)?.[1];
  if (found === undefined) throw new Error(`${moduleFolder}go.mod requires no ${module}.`);
  return found;
}

/** As the API server states it, e.g. `v1.34.2`. */
export const kubernetesVersion = requiredVersion("k8s.io/kubernetes");
