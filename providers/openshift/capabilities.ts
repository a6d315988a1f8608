import type { Capabilities } from "../../src/platform/fidelity.ts";
import { capabilities as kubernetes } from "../kubernetes/capabilities.ts";

const {
  "processes.*.size.plan.kubernetes": plan,
  "services.*.plan.kubernetes": servicePlan,
  ...common
} = kubernetes.fields;

/** What OpenShift takes of an app: what Kubernetes takes, but for the way in. */
export const capabilities: Capabilities = {
  ...kubernetes,
  fields: {
    ...common,
    ...(plan === undefined ? {} : { "processes.*.size.plan.openshift": plan }),
    ...(servicePlan === undefined ? {} : { "services.*.plan.openshift": servicePlan }),
    "processes.*.http.requestTimeoutSeconds": { fidelity: "exact" },
    "processes.*.http.port": {
      fidelity: "exact",
      within: { min: 1024 },
      otherwise: {
        fidelity: "approximated",
        reason:
          "a port below 1024 is open to root alone, unless the namespace's constraints allow the sysctl",
        fallback: "the pod asks for net.ipv4.ip_unprivileged_port_start",
      },
    },
    domains: {
      fidelity: "exact",
      within: { pattern: "^[^*]" },
      otherwise: {
        fidelity: "approximated",
        reason: "the router admits wildcards only where its administrator allows them",
        fallback: "a Route with wildcardPolicy Subdomain",
      },
    },
  },
};
