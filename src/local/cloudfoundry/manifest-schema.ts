import { z } from "zod";
import { unprocessable } from "./errors.ts";

const units: Readonly<Record<string, number>> = { B: 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };

/** `512M`, `1G`, `1.5GB` as whole mebibytes. */
const megabytes = z
  .string()
  .regex(/^\d+(\.\d+)?\s*([KMGT]B?|B)$/i, {
    message: "must use a supported unit: B, K, KB, M, MB, G, GB, T, or TB",
  })
  .transform((text) => {
    const unit = /[BKMGT]/i.exec(text)?.[0].toUpperCase() ?? "M";
    return Math.trunc((Number.parseFloat(text) * (units[unit] ?? 1)) / 2 ** 20);
  });

const checkType = z.enum(["port", "process", "http", "none"]);

const processFields = {
  command: z.string().nullable().optional(),
  instances: z.int().nonnegative().optional(),
  memory: megabytes.optional(),
  disk_quota: megabytes.optional(),
  "disk-quota": megabytes.optional(),
  timeout: z.int().min(1).max(180, { message: "exceeds the maximum of 180" }).optional(),
  "health-check-type": checkType.optional(),
  "health-check-http-endpoint": z.string().startsWith("/").optional(),
  "health-check-invocation-timeout": z.int().positive().optional(),
  "health-check-interval": z.int().positive().optional(),
  "readiness-health-check-type": checkType.optional(),
  "readiness-health-check-http-endpoint": z.string().startsWith("/").optional(),
  "readiness-health-check-invocation-timeout": z.int().positive().optional(),
  "readiness-health-check-interval": z.int().positive().optional(),
};

const processSchema = z.looseObject({ type: z.string().min(1), ...processFields });

/** One application; keys that it doesn't know are ignored, as the controller does. */
const applicationSchema = z.looseObject({
  name: z.string().min(1),
  ...processFields,
  buildpacks: z.array(z.string()).optional(),
  buildpack: z.string().optional(),
  stack: z.string().optional(),
  docker: z.looseObject({ image: z.string() }).optional(),
  env: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String))
    .nullable()
    .optional(),
  routes: z
    .array(z.looseObject({ route: z.string(), protocol: z.enum(["http1", "http2"]).optional() }))
    .optional(),
  "no-route": z.boolean().optional(),
  "random-route": z.boolean().optional(),
  "default-route": z.boolean().optional(),
  services: z
    .array(z.union([z.string(), z.looseObject({ name: z.string(), binding_name: z.string().optional() })]))
    .optional(),
  processes: z.array(processSchema).optional(),
  metadata: z
    .looseObject({
      labels: z.record(z.string(), z.string().nullable()).optional(),
      annotations: z.record(z.string(), z.string().nullable()).optional(),
    })
    .optional(),
});

export type ManifestApp = z.output<typeof applicationSchema>;
export type ManifestProcess = z.output<typeof processSchema>;

const manifestSchema = z.looseObject({ applications: z.array(z.unknown()).min(1) });

/** The applications of a parsed manifest; 422 naming the application where something is wrong. */
export function applicationsOf(value: unknown): readonly ManifestApp[] {
  const manifest = manifestSchema.safeParse(value);
  if (!manifest.success) throw unprocessable("Cannot parse manifest with no 'applications' field.");
  return manifest.data.applications.map((item, index) => {
    const result = applicationSchema.safeParse(item);
    if (result.success) return result.data;
    const name =
      typeof item === "object" && item !== null && "name" in item ? item.name : `at position ${index + 1}`;
    const details = result.error.issues.map(({ path, message }) => `${path.join(".")} ${message}`).join(", ");
    throw unprocessable(`For application '${String(name)}': ${details}`);
  });
}

/** The process settings of an application: those at its own level are web's, unless `processes` has a web. */
export function processesIn(app: ManifestApp): readonly ManifestProcess[] {
  const listed = app.processes ?? [];
  if (listed.some((process) => process.type === "web")) return listed;
  const own = Object.keys(processFields).flatMap((key) => (app[key] === undefined ? [] : [[key, app[key]]]));
  return own.length === 0 ? listed : [{ type: "web", ...Object.fromEntries(own) }, ...listed];
}
