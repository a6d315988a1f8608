import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { KubernetesClient } from "../../../providers/kubernetes/client/client.ts";
import { parseKubeconfig } from "../../../providers/kubernetes/client/kubeconfig.ts";
import { connectionSchema } from "../../../providers/kubernetes/connection.ts";
import { openScriptedServer, type ScriptedServer, status } from "./scripted-server.ts";

/** A kubeconfig with one user of that description. */
function kubeconfig(server: string, user: object, context = "here"): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": context,
    clusters: [{ name: "one", cluster: { server } }],
    contexts: [{ name: "here", context: { cluster: "one", user: "me" } }],
    users: [{ name: "me", user }],
  });
}

/** A program that gives a token, a new one each time it is run. */
function execUser(script: string): object {
  return {
    exec: { apiVersion: "client.authentication.k8s.io/v1", command: "/bin/sh", args: ["-c", script] },
  };
}

const namespaces = { apiVersion: "v1", kind: "Namespace" };

describe("a kubeconfig", () => {
  let server: ScriptedServer;
  let taken: string | undefined;
  beforeAll(async () => {
    server = await openScriptedServer();
    server.script = ({ path, headers }) => {
      if (taken !== undefined && headers.authorization !== taken) return status(401, "Unauthorized", "no");
      return path === "/api/v1/namespaces" ? { json: { metadata: {}, items: [] } } : undefined;
    };
  });
  afterAll(() => server.close());

  async function authorization(user: object): Promise<string | undefined> {
    const client = new KubernetesClient({ kubeconfig: kubeconfig(server.url, user) });
    await client.list(namespaces);
    return server.seen.at(-1)?.headers.authorization;
  }

  it("gives its token, its password, or whom to be taken for", async () => {
    expect(await authorization({ token: "t" })).toBe("Bearer t");
    expect(await authorization({ username: "u", password: "p" })).toBe(`Basic ${btoa("u:p")}`);
    await authorization({ token: "t", as: "someone", "as-groups": ["a", "b"] });
    expect(server.seen.at(-1)?.headers).toMatchObject({
      "impersonate-user": "someone",
      "impersonate-group": "a, b",
    });
  });

  it("runs its program for a token, and tells it what is asked for", async () => {
    const script = `echo "{\\"kind\\":\\"ExecCredential\\",\\"status\\":{\\"token\\":\\"$(echo "$KUBERNETES_EXEC_INFO" | grep -c client.authentication)\\"}}"`;
    expect(await authorization(execUser(script))).toBe("Bearer 1");
  });

  it("runs its program again when the token is no longer taken", async () => {
    const script = `echo "{\\"status\\":{\\"token\\":\\"run-$$\\"}}"`;
    const client = new KubernetesClient({ kubeconfig: kubeconfig(server.url, execUser(script)) });
    await client.list(namespaces);
    const first = server.seen.at(-1)?.headers.authorization;
    let refused = 0;
    server.script = ({ path, headers }) => {
      if (headers.authorization === first) {
        refused++;
        return status(401, "Unauthorized", "no");
      }
      return path === "/api/v1/namespaces" ? { json: { metadata: {}, items: [] } } : undefined;
    };
    await client.list(namespaces);
    expect(refused).toBe(1);
  });

  it("says what its program said when it gives nothing", async () => {
    const failing = execUser("echo 'please log in' >&2; exit 3");
    await expect(authorization(failing)).rejects.toMatchObject({
      code: "credentials-unavailable",
      message: expect.stringContaining("please log in"),
      suggestion: expect.stringContaining("service account"),
    });
    const missing = { exec: { apiVersion: "client.authentication.k8s.io/v1", command: "no-such-program" } };
    await expect(authorization(missing)).rejects.toMatchObject({ code: "credentials-unavailable" });
  });

  it.each([
    ["{", "not YAML"],
    ["just words", "wrong at its root"],
    [kubeconfig("ftp://x", {}), "wrong at clusters.0.cluster.server"],
    [kubeconfig("http://k8s.example.com", {}), "over plain HTTP"],
    [kubeconfig("https://x", {}, ""), "no current context. It has: here."],
    [kubeconfig("https://x", {}, "there"), "no context 'there'. It has: here."],
    [kubeconfig("https://x", { "client-key": "key.pem" }), "relative path 'key.pem'"],
  ])("is refused when it can't be used: %s", (text, message) => {
    const result = connectionSchema.safeParse({ kubeconfig: text });
    expect(result.error?.issues[0]).toMatchObject({
      path: ["kubeconfig"],
      message: expect.stringContaining(message),
    });
  });

  it("doesn't quote what it can't read", () => {
    const broken = 'users:\n- user: {token: "canary-token\n  }';
    expect(() => parseKubeconfig(broken)).toThrow(/not YAML/);
    expect(() => parseKubeconfig(broken)).not.toThrow(/canary/);
  });

  it("names a file that isn't there", async () => {
    const user = { "client-certificate": "/no/such/file.pem", token: "t" };
    await expect(authorization(user)).rejects.toMatchObject({
      code: "credentials-unavailable",
      message: expect.stringContaining("/no/such/file.pem"),
    });
  });
});

describe("a connection", () => {
  it("sends no token over plain HTTP but to this machine", () => {
    const issuesOf = (url: string) => connectionSchema.safeParse({ url, token: "t" }).success;
    expect(
      ["http://127.0.0.1:8001", "http://localhost:8001", "https://k8s.example.com"].map(issuesOf),
    ).toEqual([true, true, true]);
    expect(issuesOf("http://k8s.example.com")).toBe(false);
  });
});
