import { z } from "zod";

/** Answers of the API, as far as they are used here; what else they hold is let through. */

const toOne = z.object({ data: z.object({ guid: z.string() }).nullable() });

export const anything = z.unknown();
export const identified = z.object({ guid: z.string() });
export const named = z.object({ guid: z.string(), name: z.string() });

export function pageSchema<T>(item: z.ZodType<T>) {
  return z.object({
    pagination: z.object({ next: z.object({ href: z.string() }).nullable() }),
    resources: z.array(item),
  });
}

export const jobSchema = z.object({
  operation: z.string(),
  state: z.string(),
  errors: z.array(z.object({ code: z.number(), title: z.string(), detail: z.string() })).default([]),
});

const metadata = z.object({
  labels: z.record(z.string(), z.string().nullable()).default({}),
  annotations: z.record(z.string(), z.string().nullable()).default({}),
});

export const spaceSchema = named.extend({ relationships: z.object({ organization: toOne }) });

export const domainSchema = named.extend({ relationships: z.object({ organization: toOne }) });

export const appSchema = named.extend({
  state: z.enum(["STARTED", "STOPPED"]),
  lifecycle: z.object({
    type: z.string(),
    data: z.object({ buildpacks: z.array(z.string()).nullish(), stack: z.string().nullish() }),
  }),
  relationships: z.object({ space: toOne }),
  metadata,
});
export type AppAnswer = z.output<typeof appSchema>;

export const variablesSchema = z.object({ var: z.record(z.string(), z.string()) });

export const packageSchema = identified.extend({
  state: z.string(),
  data: z.object({ error: z.string().nullish() }).nullish(),
});

export const buildSchema = identified.extend({
  state: z.enum(["STAGING", "STAGED", "FAILED"]),
  error: z.string().nullable(),
  droplet: z.object({ guid: z.string() }).nullable(),
});

export const dropletSchema = identified.extend({ metadata });

const checkData = z.object({
  timeout: z.number().nullish(),
  invocation_timeout: z.number().nullish(),
  interval: z.number().nullish(),
  endpoint: z.string().nullish(),
});

export const processSchema = identified.extend({
  type: z.string(),
  command: z.string().nullable(),
  instances: z.number(),
  memory_in_mb: z.number(),
  disk_in_mb: z.number(),
  health_check: z.object({ type: z.string(), data: checkData }),
});
export type ProcessAnswer = z.output<typeof processSchema>;

export const statsSchema = z.object({
  resources: z.array(z.object({ type: z.string(), index: z.number(), state: z.string() })),
});

export const deploymentSchema = identified.extend({
  status: z.object({ value: z.string(), reason: z.string() }),
  new_processes: z.array(z.object({ guid: z.string(), type: z.string() })).default([]),
});
export type DeploymentAnswer = z.output<typeof deploymentSchema>;

export const taskSchema = identified.extend({
  name: z.string(),
  state: z.enum(["PENDING", "RUNNING", "SUCCEEDED", "CANCELING", "FAILED"]),
  result: z.object({ failure_reason: z.string().nullable() }),
});

export const destinationSchema = z.object({
  guid: z.string(),
  app: z.object({ guid: z.string(), process: z.object({ type: z.string() }).nullish() }),
  port: z.number().nullish(),
  protocol: z.string().nullish(),
  weight: z.number().nullish(),
});
export type DestinationAnswer = z.output<typeof destinationSchema>;

export const routeSchema = identified.extend({
  host: z.string(),
  path: z.string(),
  url: z.string(),
  destinations: z.array(destinationSchema),
  relationships: z.object({ space: toOne, domain: toOne }),
  metadata,
});
export type RouteAnswer = z.output<typeof routeSchema>;

export const planSchema = named.extend({
  available: z.boolean().default(true),
  relationships: z.object({ service_offering: toOne }),
});

const operation = z.object({ type: z.string(), state: z.string(), description: z.string().nullish() });

export const serviceInstanceSchema = named.extend({
  type: z.string(),
  tags: z.array(z.string()).default([]),
  syslog_drain_url: z.string().nullish(),
  last_operation: operation.nullish(),
  relationships: z.object({ space: toOne, service_plan: toOne.optional() }),
});

export const bindingSchema = identified.extend({
  name: z.string().nullable(),
  last_operation: operation.nullish(),
  relationships: z.object({ app: toOne.optional(), service_instance: toOne }),
});

export const detailsSchema = z.object({ credentials: z.record(z.string(), z.unknown()) });

export const logReadSchema = z.object({
  envelopes: z.object({
    batch: z.array(
      z.object({
        timestamp: z.string(),
        instance_id: z.string().default("0"),
        tags: z.record(z.string(), z.string()).default({}),
        log: z.object({ payload: z.string(), type: z.string() }).optional(),
      }),
    ),
  }),
});
