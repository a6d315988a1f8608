import type { Deployment } from "./deployment.ts";
import { compareProperties, type Diff, noDiff, replaceOnChanges } from "./diff.ts";
import { targetOf } from "./effects.ts";
import type { ResourceState } from "./resource-state.ts";
import { isFresh, type Subject } from "./subject.ts";
import { parseProviderReference } from "./urn.ts";
import type { Properties } from "./values.ts";

function forced(reason: string): Diff {
  return { changed: true, replaceKeys: [reason], deleteBeforeReplace: false, changes: [] };
}

/** Whether the resource has come to another provider that can't manage what the old one made. */
async function mustChangeHands(
  deployment: Deployment,
  { reference }: Subject,
  current: ResourceState,
): Promise<boolean> {
  const before = current.provider ?? "";
  if (reference === undefined || before === reference) return false;
  if (before === "") return true;
  const { state, providers } = deployment.context;
  const oldUrn = parseProviderReference(before).urn;
  const now = deployment.registered(parseProviderReference(reference).urn)?.state;
  if (now === undefined || deployment.formerUrn(now.urn) === oldUrn) return false;
  const old = state.snapshot.resources().find(({ urn, id }) => urn === oldUrn && id !== now.id);
  return old !== undefined && providers.mustReplace(old, now);
}

/** How what is wanted differs from what is there: by the plugin's word, or where it has none, by the inputs. */
export async function diffResource(
  deployment: Deployment,
  subject: Subject,
  inputs: Properties,
  current: ResourceState | undefined,
): Promise<Diff> {
  const { goal, provider, urn } = subject;
  if (current === undefined || isFresh(current)) return noDiff;
  if (await mustChangeHands(deployment, subject, current)) return forced("provider");
  if (goal.deletedWith !== undefined && deployment.isReplaced(goal.deletedWith)) return forced("deletedWith");
  const changes = compareProperties(current.inputs, inputs);
  const own: Diff = { changed: changes.length > 0, replaceKeys: [], deleteBeforeReplace: false, changes };
  if (provider === undefined || !current.custom) return own;
  if (!provider.isKnown) {
    const message = "Its provider's configuration is not known yet, so this preview of it is a guess.";
    deployment.context.reporter.log("warning", message, { urn });
    return { ...own, changed: true };
  }
  const verdict = await provider.diff(targetOf(current), inputs, goal.ignoreChanges);
  if (verdict === "unknown") return replaceOnChanges(own, goal.replaceOnChanges);
  // A plugin that sees a change need not say where; the inputs may.
  const named = verdict.changed && verdict.changes.length === 0 ? changes : verdict.changes;
  return replaceOnChanges({ ...verdict, changes: named }, goal.replaceOnChanges);
}
