import type { z } from "zod";
import { InputError, messageOf } from "../../src/base/errors.ts";
import { isJsonObject, type JsonObject } from "../../src/base/json.ts";
import { type CheckFailure, checkInputs } from "./check.ts";
import { unknownValue } from "./wire.ts";

/** How a plugin is configured. */
export interface PluginConfig {
  check(value: JsonObject): readonly CheckFailure[];
  /** What handlers are given, or undefined when the plugin was given none. Throws InputError for a wrong one. */
  connection(value: JsonObject): JsonObject | undefined;
  /** Keys whose change means another place: what stands there has to be made anew. */
  readonly placeKeys: readonly string[];
  /** How to give a connection, as an imperative sentence. */
  readonly howToConnect: string;
}

/**
 * The configuration of a plugin for several platforms: `platform` names what the resources stand on, `connection` is its
 * connection as JSON text (a provider's properties go over the wire as text).
 */
export function providerConfig(connections: Readonly<Record<string, z.ZodType>>): PluginConfig {
  const known = Object.keys(connections).sort().join(", ");
  const check = ({ platform, connection }: JsonObject): readonly CheckFailure[] => {
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
  };
  return {
    check,
    placeKeys: ["platform"],
    howToConnect: "Pass `provider: new Understudy(name, { platform, connection })` to the resource.",
    connection(value) {
      refuse(check(value));
      const schema = connections[String(value.platform)];
      if (schema === undefined || value.connection === undefined) return undefined;
      return schema.parse(parseConnection(value.connection)) as JsonObject;
    },
  };
}

function howToSet(property: string): string {
  return `Set it: understudy config set STACK --secret --path understudy:connection.${property}`;
}

function refuse(failures: readonly CheckFailure[]): void {
  if (failures.length === 0) return;
  throw new InputError(
    failures.map(({ property, reason }) => ({ code: "bad-connection", path: property, message: reason })),
  );
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
