import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { run } from "../../../src/base/run.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { at, everything, lines, onKubernetes, onOpenShift } from "./sites.ts";

const files = Object.fromEntries(
  onKubernetes(everything).artifacts.map(({ path, content }) => [path, content]),
);

describe("rendered files", () => {
  it("are these", () => {
    expect(Object.keys(files)).toMatchSnapshot();
  });

  it("are put together by a kustomization", () => {
    expect(files["kustomization.yaml"]).toMatchSnapshot();
  });

  it("leave secrets to the owner", () => {
    expect(files["secrets.env.example"]).toMatchSnapshot();
    expect(files["service-database.env.example"]).toContain("password=\n");
    expect(files[".gitignore"]).toBe("*.env\n");
  });

  it("tell the cluster's collector where the drains are", () => {
    expect(files["drains.fluent-bit.yaml"]).toMatchSnapshot();
  });

  it("say nothing that only Pulumi understands", () => {
    expect(Object.values(files).join("")).not.toMatch(/pulumi\.com|\$output|\$secret|env-version/);
  });

  it("hold one object each", () => {
    const { resources } = parse(files["kustomization.yaml"] ?? "");
    for (const path of resources) {
      const documents = parseAllDocuments(files[path] ?? "");
      expect(documents).toHaveLength(1);
      expect(documents[0]?.toJS()).toMatchObject({
        apiVersion: expect.any(String),
        kind: expect.any(String),
      });
    }
  });
});

const kustomize = await run("kubectl", ["kustomize", "--help"]).then(
  () => true,
  () => false,
);

describe.skipIf(!kustomize)("kustomize (skipped where there is no kubectl)", () => {
  it.each([
    ["Kubernetes", onKubernetes],
    ["OpenShift", onOpenShift],
  ])("builds what %s takes, with the owner's image and secrets", async (_, render) => {
    const { artifacts, resources } = render(everything);
    const folder = await temporaryFolder();
    for (const { path, content } of artifacts) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), content);
      if (path.endsWith(".env.example")) await writeFile(join(folder, path.replace(".example", "")), content);
    }
    const { stdout } = await run("kubectl", ["kustomize", folder]);
    const built = parseAllDocuments(stdout).map((document) => document.toJS() as object);
    const rendered = lines(resources.filter(({ type }) => type.startsWith("kubernetes:")));
    const trials = 2;
    expect(built).toHaveLength(rendered.length + trials);
    const web = built.find(
      (object) => at(object, "metadata", "name") === "everything-web" && at(object, "kind") === "Deployment",
    );
    expect(at(web, "spec", "template", "spec", "containers", 0, "image")).toBe(
      "registry.example.com/team/everything:latest",
    );
  });
});
