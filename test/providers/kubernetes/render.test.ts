import { describe, expect, it } from "vitest";
import { at, everything, inputsOf, lines, onKubernetes } from "./sites.ts";

const container = (inputs: unknown) => at(inputs, "spec", "template", "spec", "containers", 0);

describe("an app with everything on Kubernetes", () => {
  const rendered = onKubernetes(everything);

  it("is made of these objects", () => {
    expect(lines(rendered.resources)).toMatchSnapshot();
  });

  it("runs its web process so", () => {
    expect(inputsOf(rendered, "deployment-web")).toMatchSnapshot();
  });

  it("is carried so, where not exactly", () => {
    const notes = rendered.fidelity
      .filter(({ fidelity }) => fidelity !== "exact")
      .map(({ field, fidelity, fallback = "" }) => `${fidelity} ${field}: ${fallback}`);
    expect(notes).toMatchSnapshot();
  });

  it("makes what others refer to before them", () => {
    const seen = new Set<string>();
    for (const { name, dependsOn = [] } of rendered.resources) {
      for (const needed of dependsOn) expect([...seen], `${name} needs ${needed}`).toContain(needed);
      seen.add(name);
    }
  });

  it("says where DNS must point", () => {
    expect(rendered.traffic).toEqual({ $output: { resource: "entrance", property: "traffic" } });
    expect(inputsOf(rendered, "entrance")).toEqual({
      kind: "Ingress",
      namespace: "everything",
      name: "everything",
      hosts: ["*.shop.example.com", "www.example.com"],
      traffic: null,
    });
  });
});

describe("processes", () => {
  const rendered = onKubernetes(everything);

  it("leave the number of instances to the autoscaler where there is one", () => {
    expect(at(inputsOf(rendered, "deployment-web"), "spec", "replicas")).toBeUndefined();
    expect(at(inputsOf(rendered, "autoscaler-web"), "spec")).toMatchObject({
      minReplicas: 2,
      maxReplicas: 6,
    });
    expect(at(inputsOf(rendered, "deployment-worker"), "spec", "replicas")).toBe(3);
  });

  it("replace a singleton, and roll all others without loss", () => {
    expect(at(inputsOf(rendered, "deployment-clock"), "spec", "strategy")).toEqual({ type: "Recreate" });
    expect(at(inputsOf(rendered, "deployment-worker"), "spec", "strategy")).toEqual({
      type: "RollingUpdate",
      rollingUpdate: { maxSurge: 1, maxUnavailable: 0 },
    });
  });

  it("have the size that is stated, or that the hint says, in the server's own writing", () => {
    expect(at(container(inputsOf(rendered, "deployment-web")), "resources")).toEqual({
      limits: { "ephemeral-storage": "2Gi", memory: "1Gi" },
      requests: { cpu: "500m", "ephemeral-storage": "2Gi", memory: "1Gi" },
    });
    expect(at(container(inputsOf(rendered, "deployment-worker")), "resources", "requests")).toMatchObject({
      cpu: "250m",
      memory: "1Gi",
    });
  });

  it("open a low port without rights", () => {
    const admin = inputsOf(rendered, "deployment-admin");
    expect(at(container(admin), "env", 0)).toEqual({ name: "PORT", value: "80" });
    expect(at(admin, "spec", "template", "spec", "securityContext", "sysctls")).toEqual([
      { name: "net.ipv4.ip_unprivileged_port_start", value: "80" },
    ]);
  });

  it("without a stated health are ready when their port is open, and never restarted for it", () => {
    const plain = container(
      inputsOf(onKubernetes({ name: "app", processes: { web: {} } }), "deployment-web"),
    );
    expect(at(plain, "startupProbe")).toMatchObject({ tcpSocket: { port: "http" }, failureThreshold: 30 });
    expect(at(plain, "livenessProbe")).toBeUndefined();
  });

  it("without time to start are checked at once", () => {
    const web = { http: { health: { graceSeconds: 0 } } };
    const probed = container(inputsOf(onKubernetes({ name: "app", processes: { web } }), "deployment-web"));
    expect(at(probed, "startupProbe")).toBeUndefined();
    expect(at(probed, "livenessProbe", "failureThreshold")).toBe(3);
  });

  it("write only where the settings say", () => {
    const settings = { writable: ["/app/tmp"], readOnlyRoot: false };
    const web = inputsOf(onKubernetes(everything, { settings }), "deployment-web");
    expect(at(container(web), "securityContext", "readOnlyRootFilesystem")).toBe(false);
    expect(at(container(web), "volumeMounts")).toEqual([{ mountPath: "/app/tmp", name: "writable-1" }]);
  });
});

describe("commands", () => {
  const commandOf = (changes: object, settings = {}) => {
    const app = { name: "app", processes: { web: { command: "node web.js" } }, ...changes };
    const { command, args } = container(
      inputsOf(onKubernetes(app, { settings }), "deployment-web"),
    ) as Record<string, unknown>;
    return [command, args];
  };
  const shell = (line: string) => [["/bin/sh", "-c", line], undefined];

  it("go through the launcher of buildpacks", () => {
    expect(commandOf({})).toEqual([["/cnb/lifecycle/launcher"], ["node web.js"]]);
    expect(commandOf({ processes: { web: {} } })).toEqual([["/cnb/process/web"], undefined]);
  });

  it("go through a shell in any other image, which steps aside for a plain command", () => {
    const source = { image: "example.com/app@sha256:00" };
    const line = (command: string) => commandOf({ source, processes: { web: { command } } });
    expect(line("node web.js")).toEqual(shell("exec node web.js"));
    expect(line('gunicorn "app:create()" -b 0.0.0.0:$PORT')).toEqual(
      shell('exec gunicorn "app:create()" -b 0.0.0.0:$PORT'),
    );
    for (const whole of [
      "cd app && node web.js",
      "A=1 node web.js",
      "node a; node b",
      "source env",
      "a | b",
    ]) {
      expect(line(whole)).toEqual(shell(whole));
    }
    expect(commandOf({ source, processes: { web: {} } })).toEqual([undefined, undefined]);
    expect(commandOf({ build: { dockerfile: "Dockerfile" } })).toEqual(shell("exec node web.js"));
    expect(commandOf({}, { image: { builder: "command", command: ["build"], registry: "r" } })).toEqual(
      shell("exec node web.js"),
    );
  });
});

describe("roles", () => {
  it("leave workers, schedule and release command at rest on a standby", () => {
    const standby = onKubernetes(everything, { role: "standby" });
    expect(at(inputsOf(standby, "deployment-worker"), "spec", "replicas")).toBe(0);
    expect(at(inputsOf(standby, "deployment-both"), "spec", "replicas")).toBe(1);
    expect(at(inputsOf(standby, "cron-job-nightly"), "spec", "suspend")).toBe(true);
    expect(at(inputsOf(standby, "release"), "spec", "suspend")).toBe(true);
    const active = onKubernetes(everything);
    expect(at(inputsOf(active, "release"), "spec", "suspend")).toBe(false);
    expect(at(inputsOf(active, "cron-job-nightly"), "spec", "suspend")).toBe(false);
  });

  it("let an autoscaled worker rest as well", () => {
    const app = { name: "app", processes: { worker: { scale: { count: 2, max: 4 } } } };
    expect(
      at(inputsOf(onKubernetes(app, { role: "standby" }), "deployment-worker"), "spec", "replicas"),
    ).toBe(0);
    expect(at(inputsOf(onKubernetes(app), "deployment-worker"), "spec", "replicas")).toBeUndefined();
  });

  it("change no more than what is said to follow them", () => {
    const active = onKubernetes(everything).resources;
    const standby = onKubernetes(everything, { role: "standby" }).resources;
    expect(onKubernetes(everything, { role: "unknown" }).resources).toEqual(standby);
    expect(standby.map(({ name }) => name)).toEqual(active.map(({ name }) => name));
    const without = (resource: (typeof active)[number]) => {
      const inputs = structuredClone(resource.inputs) as Record<string, Record<string, object>>;
      for (const path of resource.roleInputs ?? []) {
        const [, parent = "", key = ""] =
          /^(.*?)(?:\.(\w+)|\["([^"]+)"\])$/.exec(path)?.filter(Boolean) ?? [];
        const holder = parent.split(".").reduce<unknown>((value, part) => at(value, part), inputs);
        delete (holder as Record<string, unknown>)[key];
      }
      return { ...resource, inputs };
    };
    expect(standby.map(without)).toEqual(active.map(without));
  });
});

describe("releases", () => {
  const nameOf = (app: object, settings = {}) =>
    at(inputsOf(onKubernetes({ ...everything, ...app }, { settings }), "release"), "metadata", "name");

  it("are another Job when image, command or what it runs in changes, and the same when config does", () => {
    const usual = nameOf({});
    expect(nameOf({ config: { COLOR: "blue" }, secrets: {} })).toBe(usual);
    expect(nameOf({ release: { command: "node other.js" } })).not.toBe(usual);
    expect(nameOf({ build: {}, source: { image: "example.com/app:1" } })).not.toBe(usual);
    expect(nameOf({}, { readOnlyRoot: false })).not.toBe(usual);
  });

  it("come before the pods", () => {
    const web = onKubernetes(everything).resources.find(({ name }) => name === "deployment-web");
    expect(web?.dependsOn).toContain("release");
  });
});

describe("config", () => {
  it("changes the pods that run on, and nothing that starts anew anyway", () => {
    const before = onKubernetes(everything).resources;
    const after = onKubernetes({ ...everything, config: { COLOR: "blue" } }).resources;
    const changed = after.filter(
      (resource, index) => JSON.stringify(resource) !== JSON.stringify(before[index]),
    );
    expect(changed.map(({ name }) => name)).toEqual([
      "config",
      "deployment-admin",
      "deployment-both",
      "deployment-clock",
      "deployment-web",
      "deployment-worker",
    ]);
  });

  it("refers to secrets, and to services outside the cluster", () => {
    expect(inputsOf(onKubernetes(everything), "env").stringData).toEqual({
      AMQP_URL: { $output: { resource: "service-queue", property: "url" } },
      MAIL_KEY: { $secret: "MAIL_KEY" },
      SESSION_KEY: { $secret: "SESSION_KEY" },
    });
  });

  it("has no empty maps, which the server would leave out", () => {
    const bare = onKubernetes({ name: "bare", processes: { worker: {} } });
    expect(inputsOf(bare, "config")).not.toHaveProperty("data");
    expect(inputsOf(bare, "env")).not.toHaveProperty("stringData");
  });
});

describe("services", () => {
  it("come from where the settings say", () => {
    const settings = {
      services: { database: { from: "cloudnative-pg", exposed: true }, cache: { from: "external" } },
    };
    const rendered = onKubernetes(everything, { settings });
    expect(inputsOf(rendered, "cluster-database")).toMatchSnapshot();
    expect(inputsOf(rendered, "service-cache")).toEqual({ name: "cache" });
    expect(at(container(inputsOf(rendered, "deployment-web")), "env")).toContainEqual({
      name: "DATABASE_URL",
      valueFrom: { secretKeyRef: { key: "uri", name: "everything-service-database-app" } },
    });
  });

  it.each([
    [{ databse: { from: "external" } }, "unknown-service"],
    [{ cache: { from: "cloudnative-pg" } }, "service-source"],
    [{ queue: { from: "trial" } }, "service-source"],
  ])("%j is refused: %s", (services, code) => {
    expect(() => onKubernetes(everything, { settings: { services } })).toThrow(
      expect.objectContaining({ code }),
    );
  });

  it("keep a namespace with data from being deleted by the way", () => {
    const find = (app: object) =>
      onKubernetes({ ...everything, ...app }).resources.find(({ name }) => name === "namespace");
    expect(find({})?.holdsData).toBe(true);
    expect(find({ services: {} })?.holdsData).toBeUndefined();
  });
});

describe("the way in", () => {
  const exposed = (exposure: object, more: object = {}) =>
    onKubernetes(everything, { settings: { exposure, ...more } });

  it("is an Ingress, with a certificate where there is an issuer", () => {
    const settings = { tls: { issuer: "letsencrypt" } };
    expect(inputsOf(onKubernetes(everything, { settings }), "ingress")).toMatchSnapshot();
  });

  it("is an HTTPRoute at a Gateway", () => {
    const gateway = { kind: "gateway", name: "public", namespace: "gateways" };
    const rendered = exposed(gateway, { tls: { issuer: "letsencrypt", kind: "Issuer" } });
    expect(inputsOf(rendered, "http-route")).toMatchSnapshot();
    expect(at(inputsOf(rendered, "certificate"), "spec")).toMatchObject({ secretName: "everything-tls" });
    expect(inputsOf(rendered, "entrance")).toMatchObject({
      kind: "Gateway",
      namespace: "gateways",
      name: "public",
    });
  });

  it("takes more domains than an HTTPRoute can name", () => {
    const domains = Array.from({ length: 17 }, (_, index) => `d${index}.example.com`);
    const settings = { exposure: { kind: "gateway", name: "public" } };
    const rendered = onKubernetes({ ...everything, domains }, { settings });
    const counts = ["http-route", "http-route-2"].map(
      (name) => (at(inputsOf(rendered, name), "spec", "hostnames") as readonly unknown[]).length,
    );
    expect(counts).toEqual([16, 1]);
  });

  it("is a load balancer of its own", () => {
    const rendered = exposed({ kind: "service", annotations: { "example.com/tier": "small" } });
    expect(at(inputsOf(rendered, "service-of-web"), "spec", "type")).toBe("LoadBalancer");
    expect(at(inputsOf(rendered, "service-of-admin"), "spec", "type")).toBe("ClusterIP");
    expect(inputsOf(rendered, "entrance")).toMatchObject({ kind: "Service", name: "everything-web" });
  });

  it("is what the settings say", () => {
    const traffic = { type: "A", values: ["192.0.2.1"] };
    expect(inputsOf(onKubernetes(everything, { settings: { traffic } }), "entrance")).toMatchObject({
      traffic,
    });
  });

  it("isn't there when nothing is public", () => {
    const quiet = onKubernetes({ name: "quiet", processes: { worker: {} } });
    expect(quiet.traffic).toBeUndefined();
    const kinds = quiet.resources.map(({ type }) => type.split(":").at(-1));
    expect(kinds).not.toEqual(expect.arrayContaining(["Ingress"]));
    expect(kinds.filter((kind) => kind === "NetworkPolicy")).toHaveLength(1);
  });
});

describe("schedule", () => {
  const cronOf = (cron: string) => {
    const { resources } = onKubernetes({
      name: "app",
      processes: {},
      schedule: { job: { command: "true", cron } },
    });
    return at(resources.find(({ name }) => name === "cron-job-job")?.inputs, "spec", "schedule");
  };

  it.each([
    ["0 3 * * 5-7", "0 3 * * 5,6,0"],
    ["0 3 * * 7", "0 3 * * 0"],
    ["0 3 * * MON-FRI", "0 3 * * MON-FRI"],
    ["*/15  8-17 1,15 * *", "*/15 8-17 1,15 * *"],
  ])("%s is %s there", (cron, expected) => {
    expect(cronOf(cron)).toBe(expected);
  });

  it("leaves out a line that Kubernetes can't read, and says so", () => {
    const app = { name: "app", schedule: { job: { command: "true", cron: "0 0 L * *" } } };
    expect(cronOf("0 0 L * *")).toBeUndefined();
    expect(onKubernetes(app).fidelity).toContainEqual(
      expect.objectContaining({ field: "schedule.job.cron", fidelity: "dropped" }),
    );
  });
});

describe("images", () => {
  it("are built by what the app needs", () => {
    expect(inputsOf(onKubernetes(everything), "image")).toMatchObject({
      name: "everything",
      registry: "registry.example.com/team",
      buildpacks: ["heroku/nodejs"],
      dockerfile: null,
    });
    const docker = onKubernetes({
      name: "app",
      build: { dockerfile: "docker/Dockerfile", args: { A: "1" } },
    });
    expect(inputsOf(docker, "image")).toMatchObject({ dockerfile: "docker/Dockerfile", args: { A: "1" } });
  });
});
