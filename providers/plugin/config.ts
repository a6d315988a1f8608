import type { z } from "zod";
import { InputError, messageOf } from "../../src/base/errors.ts";
import { isJsonObject, type JsonObject } from "../../src/base/json.ts";
import { type CheckFailure, checkInputs } from "./check.ts";
import { unknownValue } from "./wire.ts";

/**
 * The plugin's configuration: `platform` names what the resources stand on, `connection` is its connection as JSON text
 * (a provider's properties go over the wire as text).
 */
export interface ProviderConfig {
  /** Schemas of the connections, by platform. */
  readonly connections: Readonly<Record<string, z.ZodType>>;
  check(value: JsonObject): readonly CheckFailure[];
}

export function providerConfig(connections: Readonly<Record<string, z.ZodType>>): ProviderConfig {
  const known = Object.keys(connections).sort().join(", ");
  return {
    connections,
    check({ platform, connection }) {
      if (platform === undefined || platform === unknownValue) return [];
      const schema = connections[String(platform)];
      if (schema === undefined) {
        return [{ property: "platform", reason: `there is no platform '${platform}'; there are: ${known}` }];
      }
      if (connection === undefined || connection === unknownValue) return [];
      const parsed = parseConnection(connection);
      if (typeof parsed === "string") return [{ property: "connection", reason: parsed }];
      const checked = checkInputs(schema, parsed);
      if (checked.ok) return [];
      return checked.failures.map(({ property, reason }) => ({
        property: `connection.${property}`,
        reason: property === "" ? reason : `${reason}. ${howToSet(property)}`,
      }));
    },
  };
}

function howToSet(property: string): string {
  return `Set it: understudy config set STACK --secret --path understudy:connection.${property}`;
}

/** The checked connection, or undefined when the provider was given none. Throws InputError for a wrong one. */
export function configuredConnection(config: ProviderConfig, value: JsonObject): JsonObject | undefined {
  const failures = config.check(value);
  if (failures.length > 0) {
    throw new InputError(
      failures.map(({ property, reason }) => ({ code: "bad-connection", path: property, message: reason })),
    );
  }
  const schema = config.connections[String(value.platform)];
  if (schema === undefined || value.connection === undefined) return undefined;
  return schema.parse(parseConnection(value.connection)) as JsonObject;
}

/** The object, or what is wrong with the text. The text itself may hold secrets and is never shown. */
function parseConnection(text: unknown): JsonObject | string {
  if (isJsonObject(text)) return text;
  try {
    const value: unknown = JSON.parse(String(text));
    return isJsonObject(value) ? value : "must be a JSON object";
  } catch (error) {
    return `must be JSON text: ${messageOf(error).split(/[,"]/)[0] ?? "malformed"}`;
  }
}
