import { z } from "zod";
import { InputError } from "../../src/base/errors.ts";
import { isPrivate, parseKubeconfig } from "./client/kubeconfig.ts";

const services = z
  .record(z.string(), z.string().min(1))
  .exactOptional()
  .describe("URLs of backing services that stand outside the cluster, by the service's name.");

/** A token over plain HTTP is anybody's who stands on the way. */
const url = z
  .url({ protocol: /^https?$/ })
  .refine(isPrivate, {
    message: "must be https, unless it is on this machine",
  })
  .describe("Address of the API server, e.g. https://10.0.0.1:6443.");

/** How a client gets in: as a kubeconfig says, or by a token. */
export const connectionSchema = z
  .union([
    z.strictObject({
      kubeconfig: z
        .string()
        .min(1)
        .describe("The file's text, with certificates in it: kubectl config view --minify --flatten --raw."),
      context: z.string().min(1).exactOptional().describe("Default: the kubeconfig's current context."),
      services,
    }),
    z.strictObject({
      url,
      token: z.string().min(1),
      ca: z
        .string()
        .min(1)
        .exactOptional()
        .describe("Certificate of the authority, PEM. Default: public ones."),
      insecure: z.boolean().exactOptional().describe("Take any certificate. Default: false."),
      services,
    }),
  ])
  .superRefine((connection, context) => {
    if (!("kubeconfig" in connection)) return;
    try {
      parseKubeconfig(connection.kubeconfig, connection.context);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      context.addIssue({ code: "custom", path: ["kubeconfig"], message: error.message });
    }
  });

export type KubernetesConnection = z.output<typeof connectionSchema>;
