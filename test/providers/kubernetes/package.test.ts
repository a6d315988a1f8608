import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { parseKubeconfig } from "../../../providers/kubernetes/client/kubeconfig.ts";
import { optionsOf } from "../../../providers/kubernetes/objects/options.ts";
import { objectTypeOf } from "../../../providers/kubernetes/objects/type.ts";
import { kubernetesPackage } from "../../../providers/kubernetes/package.ts";
import { packageConfig } from "../../../providers/plugin/package-config.ts";
import { unknownValue } from "../../../providers/plugin/wire.ts";

const byToken = {
  url: "https://10.0.0.1:6443",
  token: "t0ken-of-admin",
  ca: "PEM",
  services: { db: "postgres://x" },
};
const kubeconfig = String(kubernetesPackage.config(byToken).kubeconfig);

afterEach(() => vi.unstubAllEnvs());

describe("the package's configuration", () => {
  it("says all that the plugin needs, as text, and nothing of backing services", () => {
    const config = kubernetesPackage.config(byToken);
    expect(Object.keys(config)).toEqual(kubernetesPackage.configKeys);
    expect(Object.values(config).every((value) => typeof value === "string" && value !== "")).toBe(true);
    expect(config).toMatchObject({ context: "understudy", clusterIdentifier: "https://10.0.0.1:6443" });
    expect(parseKubeconfig(kubeconfig)).toMatchObject({
      server: "https://10.0.0.1:6443",
      token: "t0ken-of-admin",
      authority: { data: Buffer.from("PEM").toString("base64") },
    });
    expect(JSON.stringify(config)).not.toContain("postgres");
  });

  it("names the cluster by its address, so that new credentials make nothing anew", () => {
    const renewed = kubernetesPackage.config({ ...byToken, token: "t0ken-of-tomorrow" });
    expect(renewed.clusterIdentifier).toBe(kubernetesPackage.config(byToken).clusterIdentifier);
    expect(kubernetesPackage.placeKeys).toEqual(["clusterIdentifier"]);
  });

  it("gives back the connection that it was made of, and the options that programs set", () => {
    const found = kubernetesPackage.connection(kubernetesPackage.config(byToken));
    expect(found).toMatchObject({ kubeconfig, context: "understudy" });
    expect(optionsOf(found)).toEqual({
      namespace: "default",
      patchForce: false,
      upsert: false,
      mutableConfigMaps: true,
      mutableSecrets: true,
    });
    const set = { kubeconfig, namespace: "shop", enablePatchForce: "true", upsertExistingObjects: true };
    expect(optionsOf(kubernetesPackage.connection(set))).toMatchObject({
      namespace: "shop",
      patchForce: true,
      upsert: true,
      mutableConfigMaps: false,
    });
  });

  it("takes the kubeconfig from where a provider without one means it", async () => {
    const folder = await mkdtemp(join(tmpdir(), "understudy-kubeconfig-"));
    const path = join(folder, "config");
    await writeFile(path, kubeconfig);
    try {
      vi.stubEnv("KUBECONFIG", path);
      expect(kubernetesPackage.connection({})).toMatchObject({ kubeconfig });
      vi.stubEnv("KUBECONFIG", join(folder, "none"));
      expect(() => kubernetesPackage.connection({})).toThrow(/no kubeconfig to read at .*none/);
      expect(kubernetesPackage.connection({ kubeconfig: path })).toMatchObject({ kubeconfig });
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("says what is wrong with a configuration, and never shows it", () => {
    const { check } = packageConfig(kubernetesPackage);
    const wrong = check({ kubeconfig: "token: [hunter2" });
    expect(wrong[0]?.reason).toContain("not YAML");
    expect(JSON.stringify(wrong)).not.toContain("hunter2");
    expect(check({ kubeconfig, context: "other" })[0]?.reason).toContain(
      "no context 'other'. It has: understudy",
    );
    expect(check({ kubeconfig, renderYamlToDirectory: "out" })[0]).toMatchObject({
      property: "renderYamlToDirectory",
      reason: expect.stringContaining("Use the plugin itself"),
    });
    expect(check({ kubeconfig, enableServerSideApply: "false" })[0]?.property).toBe("enableServerSideApply");
    expect(check({ kubeconfig: unknownValue })).toEqual([]);
    expect(check({ kubeconfig })).toEqual([]);
  });
});

describe("the types that it knows", () => {
  it.each([
    ["kubernetes:core/v1:Service", "v1", ""],
    ["kubernetes:apps/v1:Deployment", "apps/v1", "apps"],
    ["kubernetes:networking.k8s.io/v1:Ingress", "networking.k8s.io/v1", "networking.k8s.io"],
    ["kubernetes:example.com/v1beta2:WidgetPatch", "example.com/v1beta2", "example.com"],
  ])("%s", (token, apiVersion, group) => {
    expect(objectTypeOf(token)).toEqual({ apiVersion, group, kind: token.split(":").at(-1) });
    expect(kubernetesPackage.handler(token)).toBeDefined();
  });

  it.each([
    "kubernetes:helm.sh/v3:Release",
    "kubernetes:core/v1:ConfigMapPatch",
    "kubernetes:apps/v1:DeploymentList",
    "kubernetes:yaml:ConfigFile",
    "understudy:kubernetes:Image",
  ])("not %s, which is no object", (token) => {
    expect(kubernetesPackage.handler(token)).toBeUndefined();
  });
});
