import { NotFoundError, RetryableError } from "../../../src/base/errors.ts";
import { retryAfterMs } from "../../../src/base/http.ts";
import type { Problem } from "../../../src/base/problem.ts";
import { redact } from "../../../src/base/redact.ts";
import { type FieldConflict, KubernetesError } from "./errors.ts";
import { type Status, type StatusCause, statusIn } from "./status.ts";

/** What was asked of the server, in its own words. */
export interface Request {
  /** As in a Role: get, list, watch, create, patch, delete. */
  readonly verb: string;
  /** With its group and subresource: `deployments.apps`, `pods/log`. */
  readonly resource: string;
  readonly name?: string | undefined;
  readonly namespace?: string | undefined;
  /** The API server's address. */
  readonly server: string;
  /** What to do when the credentials are refused. */
  readonly advice: string;
  /** Values that must not be shown, though the server may quote them. */
  readonly secrets?: readonly string[];
}

/** An answer that is no success. */
export interface Refusal {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

function whatOf({ verb, resource, name, namespace, server }: Request): string {
  const object = name === undefined ? resource : `${resource} '${name}'`;
  const place = namespace === undefined ? "" : ` in namespace '${namespace}'`;
  return `${verb} ${object}${place} on ${server}`;
}

/**
 * Kubernetes says by a text alone which part of the API server said no to a request that its rights would allow. These
 * are the fixed beginnings of such texts (apiserver: plugin/pkg/admission/resourcequota, pod-security-admission,
 * pkg/admission/plugin/webhook/errors, pkg/admission/plugin/policy/validating).
 */
const refusers: readonly { readonly sign: RegExp; readonly code: string; readonly suggestion: string }[] = [
  {
    sign: /exceeded quota: |failed quota: /,
    code: "quota-exceeded",
    suggestion:
      "Ask for a larger ResourceQuota of the namespace (`kubectl describe quota`), or lower the app's counts and sizes.",
  },
  {
    sign: /violates PodSecurity /,
    code: "admission-refused",
    suggestion: "Lower the namespace's label pod-security.kubernetes.io/enforce, or mend what it names.",
  },
  {
    sign: /admission webhook "[^"]*" denied the request/,
    code: "admission-refused",
    suggestion: "Ask the cluster's owner about the rule of that webhook, or change what it objects to.",
  },
  {
    sign: /ValidatingAdmissionPolicy '[^']*'.* denied request/,
    code: "admission-refused",
    suggestion: "Ask the cluster's owner about that policy, or change what it objects to.",
  },
];

function conflictsOf(causes: readonly StatusCause[]): readonly FieldConflict[] {
  const fields = new Map<string, string[]>();
  for (const { reason, message, field } of causes) {
    if (reason !== "FieldManagerConflict") continue;
    // The manager's name stands in the text alone.
    const manager = /^conflict with "([^"]*)"/.exec(message)?.[1] ?? message;
    fields.set(manager, [...(fields.get(manager) ?? []), field]);
  }
  return [...fields].map(([manager, held]) => ({ manager, fields: held }));
}

function problemsOf(causes: readonly StatusCause[]): readonly Problem[] {
  return causes
    .filter(({ field }) => field !== "")
    .map(({ field, message }) => ({ code: "invalid", message, path: field }));
}

/** The typed error for an answer that isn't a success. */
export function failureOf(request: Request, refusal: Refusal, now: number): Error {
  const { status: code } = refusal;
  const status = statusIn(refusal.text);
  const message = redact(status?.message ?? "", request.secrets ?? []);
  const text = `${whatOf(request)} was answered ${code}${message === "" ? "." : `: ${message}`}`;
  const asked = retryAfterMs(refusal.headers, now);
  const unknownField = /failed to create typed patch object .*: (\S+): field not declared in schema/.exec(
    message,
  )?.[1];
  if (unknownField !== undefined) {
    // The one mistake of a caller's that the server calls its own.
    return new KubernetesError(text, {
      status: code,
      reason: "Invalid",
      code: "invalid",
      problems: [
        {
          code: "unknown-field",
          message: "This kind has no such field.",
          path: unknownField.replace(/^\./, ""),
        },
      ],
      ...pathOf(request),
      suggestion: "Look at the spelling; `kubectl explain` lists the fields that this cluster's version has.",
    });
  }
  if (code === 429) return new RetryableError(text, { code: "rate-limited", retryAfterMs: asked });
  if (code >= 500) {
    const webhook = /failed calling webhook "([^"]*)"/.exec(message)?.[1];
    const suggestion = `The service behind the admission webhook '${webhook}' doesn't answer: look at its pods.`;
    const options = { code: "platform-error", retryAfterMs: asked };
    return new RetryableError(text, webhook === undefined ? options : { ...options, suggestion });
  }
  if (code === 404) return notFound(request, text, message);
  const options = { status: code, reason: status?.reason ?? "", ...pathOf(request) };
  if (code === 401) {
    return new KubernetesError(`${request.server} does not take these credentials.`, {
      ...options,
      code: "credentials-rejected",
      suggestion: request.advice,
    });
  }
  const refuser = refusers.find(({ sign }) => sign.test(message));
  if (refuser !== undefined) {
    return new KubernetesError(text, { ...options, code: refuser.code, suggestion: refuser.suggestion });
  }
  if (code === 403) return forbidden(request, message, options);
  if (code === 409) return conflict(text, status, options);
  if (code === 410) return new KubernetesError(text, { ...options, code: "gone" });
  const problems = problemsOf(status?.details.causes ?? []);
  if (code === 422 || (code === 400 && status?.reason === "BadRequest")) {
    return new KubernetesError(text, { ...options, code: "invalid", problems });
  }
  return new KubernetesError(text, { ...options, code: "refused-by-platform" });
}

interface Told {
  readonly status: number;
  readonly reason: string;
  readonly path?: string;
}

function pathOf({ resource, name }: Request): { readonly path?: string } {
  return name === undefined ? {} : { path: `${resource}/${name}` };
}

function notFound(request: Request, text: string, message: string): NotFoundError {
  const { namespace } = request;
  const noNamespace = namespace !== undefined && message === `namespaces "${namespace}" not found`;
  if (!noNamespace) return new NotFoundError(text, { code: "not-found", ...pathOf(request) });
  return new NotFoundError(text, {
    code: "no-such-namespace",
    path: namespace,
    suggestion: `Make it with \`kubectl create namespace ${namespace}\`, or let the site's settings make it: createNamespace: true.`,
  });
}

function forbidden(request: Request, message: string, options: Told): KubernetesError {
  const { verb, resource, namespace } = request;
  const where = namespace === undefined ? "" : ` -n ${namespace}`;
  const role = namespace === undefined ? "ClusterRole" : `Role in namespace '${namespace}'`;
  return new KubernetesError(`May not ${whatOf(request)}${message === "" ? "." : `: ${message}`}`, {
    ...options,
    code: "forbidden",
    suggestion: `Ask the cluster's owner for a ${role} with the verb ${verb} on ${resource}; \`kubectl auth can-i ${verb} ${resource}${where}\` tells when it is there.`,
  });
}

function conflict(text: string, status: Status | undefined, options: Told): KubernetesError {
  const conflicts = conflictsOf(status?.details.causes ?? []);
  if (conflicts.length > 0) {
    const held = conflicts.map(({ manager, fields }) => `${manager} holds ${fields.join(", ")}`).join("; ");
    return new KubernetesError(`${text} (${held})`, {
      ...options,
      code: "field-conflict",
      conflicts,
      suggestion:
        'Stop the other manager from setting these fields, or give the object the annotation pulumi.com/patchForce: "true" to take them over.',
    });
  }
  const code = status?.reason === "AlreadyExists" ? "already-exists" : "conflict";
  return new KubernetesError(text, { ...options, code });
}
