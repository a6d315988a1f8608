import { z } from "zod";

/** Where a site is entered past DNS: the address that its load balancer or router listens on. */
export const entranceSchema = z.strictObject({
  address: z.string(),
  port: z.int().min(1).max(65535),
  /** Whether it speaks TLS. @default false */
  tls: z.boolean().default(false),
});
