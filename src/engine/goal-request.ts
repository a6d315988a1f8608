import aliasProto from "@pulumi/pulumi/proto/alias_pb.js";
import type resourceProto from "@pulumi/pulumi/proto/resource_pb.js";
import { InputError, UnsupportedError } from "../base/errors.ts";
import type { Alias } from "./aliases.ts";
import { type Goal, secondsOf } from "./goal.ts";
import { fromStruct } from "./grpc.ts";
import { providerInputs } from "./provider-registry.ts";
import { providerPackage } from "./urn.ts";

function unless(text: string): string | undefined {
  return text === "" ? undefined : text;
}

/** Refuses by name what the engine would otherwise leave out in silence. */
function refuseUnsupported(request: resourceProto.RegisterResourceRequest): void {
  const trigger = request.getReplacementTrigger();
  const lacking = [
    request.getRemote() && "remote components",
    request.getPackageref() !== "" && "parameterized packages",
    request.getTransformsList().length > 0 && "the option transforms",
    request.getStateMigrationsList().length > 0 && "the option stateMigrations",
    request.getReplaceWithList().length > 0 && "the option replaceWith",
    trigger !== undefined && !trigger.hasNullValue() && "the option replacementTrigger",
    request.getEnvvarmappingsMap().getLength() > 0 && "the option envVarMappings",
    hasHooks(request) && "the option hooks",
    request.getPlugindownloadurl() !== "" && "the option pluginDownloadURL",
  ].filter((item) => item !== false);
  if (lacking.length === 0) return;
  throw new UnsupportedError(`The offline engine does not support ${lacking.join(", ")}.`, {
    code: "option-unsupported",
    path: request.getName(),
    suggestion: "Leave it out, or use --engine pulumi.",
  });
}

function hasHooks(request: resourceProto.RegisterResourceRequest): boolean {
  const hooks = request.getHooks();
  return hooks !== undefined && Object.values(hooks.toObject()).some((names) => names.length > 0);
}

function aliasOf(alias: aliasProto.Alias): Alias {
  const spec = alias.getSpec();
  if (spec === undefined) return { urn: alias.getUrn() };
  return {
    name: spec.getName(),
    type: spec.getType(),
    stack: spec.getStack(),
    project: spec.getProject(),
    parent: unless(spec.getParenturn()),
    noParent: spec.getParentCase() === aliasProto.Alias.Spec.ParentCase.NOPARENT && spec.getNoparent(),
  };
}

function timeout(name: string, text: string): number | undefined {
  if (text === "") return undefined;
  const seconds = secondsOf(text);
  if (seconds !== undefined) return seconds;
  throw new InputError([
    {
      code: "bad-timeout",
      message: `The option customTimeouts.${name} is '${text}', which is no duration.`,
      suggestion: "Write it like 90s, 10m or 1h30m.",
    },
  ]);
}

function timeoutsOf(request: resourceProto.RegisterResourceRequest): Goal["timeouts"] {
  const timeouts = request.getCustomtimeouts();
  if (timeouts === undefined) return {};
  return {
    create: timeout("create", timeouts.getCreate()),
    update: timeout("update", timeouts.getUpdate()),
    delete: timeout("delete", timeouts.getDelete()),
    read: timeout("read", timeouts.getRead()),
  };
}

/** A request of the program as a goal. Throws for what the engine does not support. */
export function goalOf(request: resourceProto.RegisterResourceRequest): Goal {
  refuseUnsupported(request);
  const type = request.getType();
  const version = unless(request.getVersion());
  const given = fromStruct(request.getObject());
  const dependencies = request.getDependenciesList();
  const byProperty = [...request.getPropertydependenciesMap().entries()].map(
    ([key, list]) => [key, list.getUrnsList()] as const,
  );
  return {
    type,
    name: request.getName(),
    custom: request.getCustom(),
    parent: unless(request.getParent()),
    inputs: providerPackage(type) === undefined ? given : providerInputs(given, version),
    dependencies,
    // An SDK that says nothing of properties means that each depends on everything.
    propertyDependencies: Object.fromEntries(
      byProperty.length > 0 ? byProperty : Object.keys(given).map((key) => [key, dependencies]),
    ),
    provider: unless(request.getProvider()),
    version,
    protect: request.hasProtect() ? request.getProtect() : undefined,
    retainOnDelete: request.hasRetainondelete() ? request.getRetainondelete() : undefined,
    deletedWith: unless(request.getDeletedwith()),
    deleteBeforeReplace:
      request.getDeletebeforereplacedefined() || request.getDeletebeforereplace()
        ? request.getDeletebeforereplace()
        : undefined,
    ignoreChanges: request.getIgnorechangesList(),
    replaceOnChanges: request.getReplaceonchangesList(),
    hideDiffs: request.getHidediffsList(),
    additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
    aliases: [
      ...request.getAliasurnsList().map((urn) => ({ urn })),
      ...request.getAliasesList().map(aliasOf),
    ],
    importId: request.getImportid(),
    timeouts: timeoutsOf(request),
  };
}
