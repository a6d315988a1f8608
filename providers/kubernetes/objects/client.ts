import type { KubernetesClient } from "../client/client.ts";

/** The part of the client that carrying out objects needs. */
export type ObjectClient = Pick<KubernetesClient, "get" | "list" | "apply" | "delete" | "logs">;
