import type { InputValue } from "../../../src/platform/contract.ts";

/** Security of a pod as the `restricted` Pod Security Standard wants it. */
export const podSecurity = { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } } as const;

/** Security of a container as the `restricted` Pod Security Standard wants it. */
export function containerSecurity(readOnlyRoot: boolean): InputValue {
  return {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ["ALL"] },
    readOnlyRootFilesystem: readOnlyRoot,
  };
}
