import { z } from "zod";
import { UnderstudyError, UnsupportedError } from "../base/errors.ts";
import type { JsonObject } from "../base/json.ts";

/** The version that this engine writes, and the newest that it may find (4 = 3 with features, named in `features`). */
const deploymentVersion = 3;
const newestVersion = 4;

const operationSchema = z.looseObject({
  resource: z.looseObject({ urn: z.string() }),
  type: z.enum(["creating", "updating", "deleting", "reading", "importing"]),
});

/** Pulumi's DeploymentV3 (sdk/go/common/apitype/core.go), resources not yet looked into. */
const deploymentSchema = z.looseObject({
  manifest: z.looseObject({}).optional(),
  secrets_providers: z
    .looseObject({ type: z.string(), state: z.looseObject({ salt: z.string() }).optional() })
    .optional(),
  resources: z.array(z.looseObject({ urn: z.string() })).nullish(),
  pending_operations: z.array(operationSchema).nullish(),
});

export type Deployment = z.output<typeof deploymentSchema>;

const versioned = z.looseObject({ version: z.number(), features: z.array(z.string()).optional() });

function corrupt(path: string, reason: string, cause?: unknown): UnderstudyError {
  return new UnderstudyError(`The state can't be read: ${reason}.`, {
    code: "bad-state",
    path,
    cause,
    suggestion: "Go back to the backup beside it (.bak), or import an exported state.",
  });
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw corrupt(path, text.trim() === "" ? "it is empty" : "it is not whole JSON, as if cut short", error);
  }
}

function checkVersion(value: unknown, path: string): Readonly<Record<string, unknown>> {
  const parsed = versioned.safeParse(value);
  if (!parsed.success) throw corrupt(path, "it has no version");
  const { version, features = [] } = parsed.data;
  if (version > newestVersion) {
    throw new UnsupportedError(
      `The state is of version ${version}; this engine reads up to ${newestVersion}.`,
      {
        code: "state-too-new",
        path,
        suggestion: "Use the version of Understudy or Pulumi that wrote it.",
      },
    );
  }
  if (version < deploymentVersion) {
    throw new UnsupportedError(`The state is of version ${version}, older than this engine reads (3).`, {
      code: "state-too-old",
      path,
      suggestion:
        "Run `pulumi up` or `pulumi stack export` once with a current Pulumi CLI; it upgrades the state.",
    });
  }
  if (features.length > 0) {
    throw new UnsupportedError(`The state uses what the offline engine lacks: ${features.join(", ")}.`, {
      code: "state-feature-unsupported",
      path,
      suggestion: "Use --engine pulumi for this stack.",
    });
  }
  return parsed.data;
}

function parseDeployment(value: unknown, path: string): Deployment {
  const parsed = deploymentSchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw corrupt(path, `${issue?.path.join(".") ?? ""}: ${issue?.message ?? "malformed"}`);
  }
  const type = parsed.data.secrets_providers?.type;
  if (type !== undefined && type !== "passphrase") {
    throw new UnsupportedError(
      `The state's secrets are kept by '${type}'; the offline engine knows 'passphrase'.`,
      {
        code: "secrets-provider-unsupported",
        path,
        suggestion:
          "Change it with `pulumi stack change-secrets-provider passphrase`, or use --engine pulumi.",
      },
    );
  }
  return parsed.data;
}

/** Reads what `stack export` of either engine wrote: `{version, deployment}`. */
export function parseExport(text: string, path: string): Deployment {
  const file = checkVersion(parseJson(text, path), path);
  return parseDeployment(file.deployment ?? {}, path);
}

/** Reads a state file of the file backend: `{version, checkpoint: {stack, latest}}`. */
export function parseCheckpoint(text: string, path: string): Deployment {
  const file = checkVersion(parseJson(text, path), path);
  const checkpoint = z.looseObject({ latest: z.unknown() }).safeParse(file.checkpoint);
  if (!checkpoint.success) throw corrupt(path, "it has no checkpoint");
  return parseDeployment(checkpoint.data.latest ?? {}, path);
}

export function formatExport(deployment: Deployment): string {
  return `${JSON.stringify({ version: deploymentVersion, deployment }, undefined, 4)}\n`;
}

export function formatCheckpoint(qualifiedStack: string, deployment: Deployment): string {
  return JSON.stringify({
    version: deploymentVersion,
    checkpoint: { stack: qualifiedStack, latest: deployment },
  });
}

/** A deployment of these parts. The manifest names no version of Pulumi, since none wrote it. */
export function makeDeployment(parts: {
  readonly time: Date;
  readonly salt: string;
  readonly resources: readonly JsonObject[];
  readonly pending: readonly JsonObject[];
}): Deployment {
  return {
    manifest: { time: parts.time.toISOString(), magic: "", version: "" },
    secrets_providers: { type: "passphrase", state: { salt: parts.salt } },
    resources: parts.resources as Deployment["resources"],
    ...(parts.pending.length === 0
      ? {}
      : { pending_operations: parts.pending as Deployment["pending_operations"] }),
    metadata: {},
  };
}
