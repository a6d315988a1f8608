import pb from "@pulumi/pulumi/proto/provider_pb.js";
import type { JsonObject } from "../../src/base/json.ts";
import { formatPath, parsePath } from "../../src/base/property-path.ts";
import { type Change, replaces } from "./diff.ts";

const { Kind } = pb.PropertyDiff;
const kinds = {
  add: [Kind.ADD, Kind.ADD_REPLACE],
  delete: [Kind.DELETE, Kind.DELETE_REPLACE],
  update: [Kind.UPDATE, Kind.UPDATE_REPLACE],
} as const;

/** What a comparison found, and what follows from it. */
export interface Comparison {
  readonly olds: JsonObject;
  readonly news: JsonObject;
  readonly changes: readonly Change[];
  /** Property paths whose change needs a new resource. */
  readonly replaceOn: readonly string[];
  readonly deleteBeforeReplace: boolean;
}

/** A comparison in the words of Pulumi's protocol. */
export function diffResponse(comparison: Comparison): pb.DiffResponse {
  const { olds, news, changes, deleteBeforeReplace } = comparison;
  const replaceOn = comparison.replaceOn.map(parsePath);
  const response = new pb.DiffResponse();
  const { DIFF_NONE, DIFF_SOME } = pb.DiffResponse.DiffChanges;
  const replacing = changes.filter((change) => replaces(change, replaceOn, olds, news));
  response.setChanges(changes.length === 0 ? DIFF_NONE : DIFF_SOME);
  response.setDiffsList(topLevel(changes));
  response.setReplacesList(topLevel(replacing));
  response.setDeletebeforereplace(deleteBeforeReplace);
  response.setHasdetaileddiff(true);
  const details = response.getDetaileddiffMap();
  for (const change of changes) {
    const [plain, replace] = kinds[change.kind];
    const detail = new pb.PropertyDiff();
    detail.setKind(replacing.includes(change) ? replace : plain);
    detail.setInputdiff(true);
    details.set(formatPath(change.path), detail);
  }
  return response;
}

/** The inputs that changes belong to. */
function topLevel(changes: readonly Change[]): string[] {
  return [...new Set(changes.map((change) => String(change.path[0])))];
}
