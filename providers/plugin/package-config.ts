import { InputError } from "../../src/base/errors.ts";
import type { JsonObject } from "../../src/base/json.ts";
import type { PulumiPackage } from "../../src/platform/contract.ts";
import type { CheckFailure } from "./check.ts";
import type { PluginConfig } from "./config.ts";
import { hasUnknown } from "./wire.ts";

/** The configuration of a plugin that stands in for a package: the package's own. */
export function packageConfig(pkg: PulumiPackage): PluginConfig {
  return {
    placeKeys: pkg.placeKeys,
    howToConnect: `Give the provider of '${pkg.name}' its configuration (${pkg.configKeys.join(", ")}).`,
    check: (value) => (hasUnknown(value) ? [] : failuresOf(pkg, value)),
    connection: (value) => pkg.connection(value),
  };
}

function failuresOf(pkg: PulumiPackage, value: JsonObject): readonly CheckFailure[] {
  try {
    pkg.connection(value);
    return [];
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return error.problems.map(({ path = "", message, suggestion }) => ({
      property: path,
      reason: suggestion === undefined ? message : `${message} ${suggestion}`,
    }));
  }
}
