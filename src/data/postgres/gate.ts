import { sql } from "./sql.ts";

/** Lets the app of an active site write. */
export const openGate = sql`SELECT setval('understudy.gate', 1) FROM understudy.state WHERE role = 'active'`;

/**
 * The gate is about to be opened: who comes now waits a moment for that instead of being refused. A sequence that was never
 * called has no value, which is neither shut nor open.
 */
export const expectGate = sql`SELECT setval('understudy.gate', 1, false)`;
