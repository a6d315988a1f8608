import { describe, expect, it } from "vitest";
import { parseApp } from "../../src/app/parse.ts";
import { type Capabilities, compare, leaves, ruleFor } from "../../src/platform/fidelity.ts";

const capabilities: Capabilities = {
  fields: {
    version: { fidelity: "exact" },
    name: {
      fidelity: "exact",
      within: { pattern: "^[a-m]" },
      otherwise: { fidelity: "approximated", reason: "late letter" },
    },
    source: { fidelity: "exact" },
    processes: { fidelity: "exact" },
    "processes.*.stopGraceSeconds": {
      fidelity: "exact",
      within: { min: 5, max: 30 },
      otherwise: { fidelity: "approximated", reason: "fixed", fallback: "30 s" },
    },
    "processes.*.size": { fidelity: "dropped", reason: "no sizes" },
    "processes.web.size": { fidelity: "manual", reason: "by hand" },
    "processes.*.singleton": { fidelity: "exact", within: { oneOf: [false] } },
    services: { fidelity: "exact" },
    domains: { fidelity: "exact", within: { pattern: "\\.example$" } },
    objectives: { fidelity: "exact" },
  },
  links: { postgres: ["trigger", "none"], "*": ["none"] },
};

const verdicts = (input: object): Readonly<Record<string, string>> =>
  Object.fromEntries(
    compare(parseApp({ name: "abc", ...input }), capabilities).map((item) => [item.field, item.fidelity]),
  );

describe("comparing an app with what a platform can take", () => {
  it("judges every field that is set, sorted by path", () => {
    const fields = compare(parseApp({ name: "abc", processes: { web: {} } }), capabilities).map(
      (item) => item.field,
    );
    expect(fields).toEqual([
      "name",
      "objectives.rpoSeconds",
      "objectives.rtoSeconds",
      "processes.web.scale.count",
      "processes.web.singleton",
      "processes.web.stopGraceSeconds",
      "source.path",
      "version",
    ]);
  });

  it("lets the longest pattern speak, and of two the one that names the field", () => {
    const found = verdicts({ processes: { web: { size: { cpu: 1 } }, work: { size: { cpu: 1 } } } });
    expect(found).toMatchObject({ "processes.web.size.cpu": "manual", "processes.work.size.cpu": "dropped" });
  });

  it("tells a value within bounds from others", () => {
    expect(verdicts({ processes: { web: { stopGraceSeconds: 5 } } })["processes.web.stopGraceSeconds"]).toBe(
      "exact",
    );
    expect(verdicts({ processes: { web: { stopGraceSeconds: 31 } } })["processes.web.stopGraceSeconds"]).toBe(
      "approximated",
    );
    expect(verdicts({ processes: { web: { singleton: true } } })["processes.web.singleton"]).toBe("dropped");
    expect(verdicts({ name: "zebra" }).name).toBe("approximated");
    expect(verdicts({ domains: ["a.example", "b.example"] }).domains).toBe("exact");
    expect(verdicts({ domains: ["a.example", "b.org"] }).domains).toBe("dropped");
  });

  it("drops what no rule covers, in so many words", () => {
    const [setup] = compare(parseApp({ name: "abc", setup: "x" }), capabilities).filter(
      (item) => item.field === "setup",
    );
    expect(setup).toEqual({ field: "setup", fidelity: "dropped", reason: "unknown to this platform" });
  });

  it("drops a link that the platform can't have, also one by default, and says which it can", () => {
    const app = parseApp({
      name: "abc",
      services: {
        db: { type: "postgres" },
        other: { type: "postgres", link: { mode: "logical" } },
        cache: { type: "redis" },
      },
    });
    const links = compare(app, capabilities).filter((item) => item.field.endsWith("link.mode"));
    expect(links).toEqual([
      {
        field: "services.other.link.mode",
        fidelity: "dropped",
        reason: "no logical link for postgres",
        fallback: "possible here: trigger, none",
      },
    ]);
    expect(
      compare(app, { ...capabilities, links: {} }).filter((item) => item.field === "services.db.link.mode"),
    ).toHaveLength(1);
  });
});

it("leaves are the fields that are set; a list is one, an empty one is none", () => {
  expect(leaves({ b: { c: 1, d: [] }, a: [1, { x: 2 }], e: null, f: undefined })).toEqual([
    ["a", [1, { x: 2 }]],
    ["b.c", 1],
  ]);
});

it("a rule covers what lies below it", () => {
  expect(ruleFor(capabilities, "services.db.plan.heroku")).toEqual({ fidelity: "exact" });
  expect(ruleFor(capabilities, "servicesX")).toBeUndefined();
});
