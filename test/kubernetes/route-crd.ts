const text = { type: "string" } as const;
const weight = { type: "integer", format: "int32", minimum: 0, maximum: 256 } as const;

const target = {
  type: "object",
  required: ["kind", "name"],
  properties: {
    kind: { type: "string", enum: ["Service", ""], default: "Service" },
    name: { type: "string", minLength: 1 },
    weight: { ...weight, default: 100 },
  },
} as const;

const ingressOfStatus = {
  type: "object",
  properties: {
    host: text,
    routerName: text,
    routerCanonicalHostname: text,
    wildcardPolicy: text,
    conditions: {
      type: "array",
      items: {
        type: "object",
        required: ["type", "status"],
        properties: {
          type: text,
          status: text,
          reason: text,
          message: text,
          lastTransitionTime: { type: "string", format: "date-time" },
        },
      },
    },
  },
} as const;

const spec = {
  type: "object",
  required: ["to"],
  properties: {
    host: {
      type: "string",
      maxLength: 253,
      pattern: "^([a-z0-9]([-a-z0-9]*[a-z0-9])?)(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$",
    },
    subdomain: { type: "string", maxLength: 253 },
    path: { type: "string", pattern: "^/" },
    to: target,
    alternateBackends: { type: "array", maxItems: 3, items: target },
    port: {
      type: "object",
      required: ["targetPort"],
      properties: { targetPort: { anyOf: [{ type: "integer" }, text], "x-kubernetes-int-or-string": true } },
    },
    tls: {
      type: "object",
      required: ["termination"],
      properties: {
        termination: { type: "string", enum: ["edge", "reencrypt", "passthrough"] },
        insecureEdgeTerminationPolicy: { type: "string", enum: ["Allow", "None", "Redirect", ""] },
        certificate: text,
        key: text,
        caCertificate: text,
        destinationCACertificate: text,
        externalCertificate: { type: "object", properties: { name: text } },
      },
      "x-kubernetes-validations": [
        {
          rule: "self.termination != 'passthrough' || !has(self.insecureEdgeTerminationPolicy) || self.insecureEdgeTerminationPolicy != 'Allow'",
          message: "a passthrough route takes no plain requests",
        },
      ],
    },
    wildcardPolicy: { type: "string", enum: ["None", "Subdomain", ""], default: "None" },
  },
} as const;

/**
 * OpenShift's Route for a plain API server: the fields of route.openshift.io/v1 that matter here, checked and defaulted
 * as its own server does.
 */
export const routeDefinition = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "routes.route.openshift.io" },
  spec: {
    group: "route.openshift.io",
    scope: "Namespaced",
    names: { kind: "Route", listKind: "RouteList", plural: "routes", singular: "route" },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: {
          openAPIV3Schema: {
            type: "object",
            required: ["spec"],
            properties: {
              spec,
              status: { type: "object", properties: { ingress: { type: "array", items: ingressOfStatus } } },
            },
          },
        },
      },
    ],
  },
} as const;
