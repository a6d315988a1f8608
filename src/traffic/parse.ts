import { InputError } from "../base/errors.ts";
import { type ZoneSettings, zoneSettingsSchema } from "./settings.ts";

/** Checks what a stack or a kit says of its zone. Throws InputError with every problem, by its path. */
export function parseZoneSettings(value: unknown): ZoneSettings {
  const result = zoneSettingsSchema.safeParse(value);
  if (result.success) return result.data;
  throw new InputError(
    result.error.issues.map((issue) => ({
      code: "bad-traffic-settings",
      path: ["traffic", ...issue.path].join("."),
      message: `${issue.message}.`,
      suggestion: "See docs/traffic.md for what the settings of a zone are.",
    })),
  );
}
