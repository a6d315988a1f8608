import providerProto from "@pulumi/pulumi/proto/provider_pb.js";
import { changeAt } from "./diff.ts";
import type { PropertyChange } from "./events.ts";
import type { CheckFailure, ProviderDiff } from "./provider.ts";
import type { Properties } from "./values.ts";

const { DiffChanges } = providerProto.DiffResponse;
const { Kind } = providerProto.PropertyDiff;
const replacingKinds: readonly number[] = [Kind.ADD_REPLACE, Kind.DELETE_REPLACE, Kind.UPDATE_REPLACE];

/** The failures that an answer holds. */
export function failuresOf(answer: {
  getFailuresList(): providerProto.CheckFailure[];
}): readonly CheckFailure[] {
  return answer
    .getFailuresList()
    .map((failure) => ({ property: failure.getProperty(), reason: failure.getReason() }));
}

/** The verdict of a Diff or DiffConfig, with the values on both sides of each change. */
export function diffOf(
  answer: providerProto.DiffResponse,
  before: Properties,
  after: Properties,
): ProviderDiff {
  const changes = answer.getChanges();
  if (changes === DiffChanges.DIFF_UNKNOWN) return "unknown";
  return {
    changed: changes === DiffChanges.DIFF_SOME,
    replaceKeys: answer.getReplacesList(),
    deleteBeforeReplace: answer.getDeletebeforereplace(),
    changes: changesOf(answer, before, after),
  };
}

function changesOf(
  answer: providerProto.DiffResponse,
  before: Properties,
  after: Properties,
): readonly PropertyChange[] {
  const replaces = answer.getReplacesList();
  if (!answer.getHasdetaileddiff()) {
    return answer.getDiffsList().map((path) => changeAt(path, before, after, replaces.includes(path)));
  }
  return [...answer.getDetaileddiffMap().entries()]
    .map(([path, diff]) => changeAt(path, before, after, replacingKinds.includes(diff.getKind())))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}
