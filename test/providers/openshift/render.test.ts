import { describe, expect, it } from "vitest";
import { at, everything, inputsOf, lines, onKubernetes, onOpenShift } from "../kubernetes/sites.ts";

describe("an app with everything on OpenShift", () => {
  const rendered = onOpenShift(everything);
  const kubernetes = onKubernetes(everything);

  it("has other objects only for its way in and its namespace", () => {
    const here = lines(rendered.resources);
    const there = lines(kubernetes.resources);
    expect({
      only: here.filter((line) => !there.includes(line)),
      not: there.filter((line) => !here.includes(line)),
    }).toMatchSnapshot();
  });

  it("leads each domain in by a Route", () => {
    expect(inputsOf(rendered, "route-www.example.com")).toMatchSnapshot();
    expect(at(inputsOf(rendered, "route-wildcard.shop.example.com"), "spec")).toMatchObject({
      host: "wildcard.shop.example.com",
      wildcardPolicy: "Subdomain",
    });
    expect(inputsOf(rendered, "entrance")).toMatchObject({
      kind: "Route",
      name: at(inputsOf(rendered, "route-wildcard.shop.example.com"), "metadata", "name"),
    });
  });

  it("fixes no user or group", () => {
    const text = JSON.stringify(rendered.resources);
    expect(text).not.toMatch(/runAsUser|runAsGroup|fsGroup/);
    expect(JSON.stringify(kubernetes.resources)).toMatch(/runAsUser/);
  });

  it("lets the routers in", () => {
    expect(at(inputsOf(rendered, "network-policy-public"), "spec", "ingress", 0, "from")).toEqual([
      { namespaceSelector: { matchLabels: { "policy-group.network.openshift.io/ingress": "" } } },
      { namespaceSelector: { matchLabels: { "policy-group.network.openshift.io/host-network": "" } } },
    ]);
  });

  it("shows the console what runs", () => {
    expect(at(inputsOf(rendered, "deployment-web"), "metadata", "labels")).toMatchObject({
      "app.openshift.io/runtime": "nodejs",
    });
  });

  it("asks cert-manager for the Routes' certificates, whose keys are secret", () => {
    const secured = onOpenShift(everything, { settings: { tls: { issuer: "letsencrypt" } } });
    const route = secured.resources.find(({ name }) => name === "route-www.example.com");
    expect(at(route?.inputs, "metadata", "annotations")).toMatchObject({
      "cert-manager.io/issuer-kind": "ClusterIssuer",
      "cert-manager.io/issuer-name": "letsencrypt",
    });
    expect(route?.secretOutputs).toEqual(["spec"]);
  });

  it("has one Route, whose host the router makes up, for an app without domains", () => {
    const bare = onOpenShift({ name: "bare", processes: { web: {} } });
    expect(at(inputsOf(bare, "route"), "spec")).not.toHaveProperty("host");
    expect(inputsOf(bare, "entrance")).toMatchObject({ kind: "Route", name: "bare-web", hosts: [] });
  });

  it("has no Ingress", () => {
    const settings = { exposure: { kind: "ingress" } };
    expect(() => onOpenShift(everything, { settings })).toThrow();
  });
});
