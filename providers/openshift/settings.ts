import { z } from "zod";
import {
  commonSettings,
  gatewayExposure,
  routeExposure,
  type Settings,
  serviceExposure,
} from "../kubernetes/settings.ts";

/** Where on an OpenShift cluster a site stands. Nothing here is secret. */
export const settingsSchema: z.ZodType<Settings> = z.strictObject({
  ...commonSettings,
  createNamespace: z
    .boolean()
    .default(false)
    .describe("A project is made by `oc new-project`; to make a Namespace takes an administrator."),
  exposure: z
    .discriminatedUnion("kind", [routeExposure, gatewayExposure, serviceExposure])
    .default({ kind: "route" }),
});
