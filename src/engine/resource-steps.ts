import { UnderstudyError } from "../base/errors.ts";
import { covers, parsePath, readPath } from "../base/property-path.ts";
import type { Deployment } from "./deployment.ts";
import { createResource, deleteResource, type Place, readResource, updateResource } from "./effects.ts";
import type { PropertyChange } from "./events.ts";
import { stateOf } from "./goal.ts";
import type { ResourceProvider } from "./provider.ts";
import type { Replacements } from "./replacements.ts";
import type { ResourceState } from "./resource-state.ts";
import { guardSecrets } from "./secrecy.ts";
import type { Decision } from "./steps.ts";
import type { Subject } from "./subject.ts";

/** Carries out what was decided for a resource: one method a kind of step. */
export class ResourceSteps {
  readonly #deployment: Deployment;
  readonly #replacements: Replacements;

  constructor(deployment: Deployment, replacements: Replacements) {
    this.#deployment = deployment;
    this.#replacements = replacements;
  }

  /** The new row stands in place of the old one. */
  #placeOver({ key, old, urn }: Subject): Place {
    return (state) => ({
      set: [[key, state]],
      ...(old === undefined ? {} : { drop: [old.key] }),
      ...(old === undefined || old.state.urn === urn ? {} : { rename: [old.state.urn, urn] as const }),
    });
  }

  #tell(
    { goal, urn }: Subject,
    step: "create" | "update" | "replace" | "same" | "import",
    changes: readonly PropertyChange[],
    work: () => Promise<ResourceState>,
  ): Promise<ResourceState> {
    const hidden = goal.hideDiffs.map(parsePath);
    const visible = changes.filter(({ path }) => !hidden.some((pattern) => covers(pattern, readPath(path))));
    return this.#deployment.step(this.#deployment.stepOf(step, { urn, type: goal.type }, visible), work);
  }

  async #put(state: ResourceState, place: Place): Promise<ResourceState> {
    await this.#deployment.context.state.commit(place(state));
    return state;
  }

  #make({ provider }: Subject, wanted: ResourceState, place: Place): Promise<ResourceState> {
    if (provider === undefined) return this.#put(wanted, place);
    return createResource(this.#deployment.context, provider, wanted, place);
  }

  create(subject: Subject, wanted: ResourceState): Promise<ResourceState> {
    return this.#tell(subject, "create", [], () => this.#make(subject, wanted, this.#placeOver(subject)));
  }

  same(subject: Subject, wanted: ResourceState, current: ResourceState): Promise<ResourceState> {
    const keep = (): Promise<ResourceState> => this.#keep(subject, wanted, current);
    return subject.isImported ? keep() : this.#tell(subject, "same", [], keep);
  }

  async #keep(subject: Subject, wanted: ResourceState, current: ResourceState): Promise<ResourceState> {
    const { context } = this.#deployment;
    const kept: ResourceState = {
      ...wanted,
      id: current.id,
      outputs: guardSecrets(current.outputs, wanted.inputs, wanted.additionalSecretOutputs),
      created: current.created,
      modified: current.modified,
    };
    // What a provider calls no difference of its configuration is none: it is configured as it was.
    if (subject.provider === context.providers) {
      await context.providers.same({ ...kept, inputs: current.inputs });
    }
    // Nothing happened outside, so nothing needs to wait for the disk.
    void context.state.commit(this.#placeOver(subject)(kept));
    return kept;
  }

  update(
    subject: Subject,
    wanted: ResourceState,
    current: ResourceState,
    { diff }: Extract<Decision, { readonly step: "update" }>,
  ): Promise<ResourceState> {
    const { provider } = subject;
    const place = this.#placeOver(subject);
    return this.#tell(subject, "update", diff.changes, () =>
      provider === undefined
        ? this.#put({ ...wanted, outputs: current.outputs, created: current.created }, place)
        : updateResource(this.#deployment.context, provider, current, wanted, place),
    );
  }

  replace(
    subject: Subject,
    wanted: ResourceState,
    current: ResourceState,
    { diff, deleteFirst }: Extract<Decision, { readonly step: "replace" }>,
  ): Promise<ResourceState> {
    const { old, key } = subject;
    this.#deployment.markReplaced(subject.urn);
    return this.#tell(subject, "replace", diff.changes, async () => {
      if (old === undefined || current.pendingReplacement === true) {
        return this.#make(subject, wanted, this.#placeOver(subject));
      }
      if (deleteFirst) {
        await this.#replacements.deleteDependents(current);
        await deleteResource(this.#deployment.context, (item) => this.#deployment.makerOf(item), current, {
          set: [[old.key, { ...current, pendingReplacement: true }]],
        });
        return this.#make(subject, wanted, this.#placeOver(subject));
      }
      return this.#make(subject, wanted, (made) => ({
        set: [
          [key, made],
          [old.key, { ...current, delete: true }],
        ],
      }));
    });
  }

  /** Reads in what exists; from then on it is an ordinary resource, in its row. */
  import(subject: Subject, provider: ResourceProvider): Promise<ResourceState> {
    const { goal, urn, old, reference } = subject;
    if (old !== undefined && old.state.external !== true) {
      throw new UnderstudyError(`'${goal.importId}' would be imported in place of '${old.state.id ?? ""}'.`, {
        code: "import-over",
        path: urn,
        suggestion: "Drop the import option, or give the imported resource another name.",
      });
    }
    return this.#tell(subject, "import", [], async () => {
      const found = await readResource(provider, { ...stateOf(goal, urn, reference, {}), id: goal.importId });
      if (found === undefined) {
        throw new UnderstudyError(`There is no ${goal.type} with the id '${goal.importId}' to import.`, {
          code: "import-missing",
          path: urn,
          suggestion: "Correct the import option.",
        });
      }
      const time = new Date().toISOString();
      const inputs = guardSecrets(found.inputs, goal.inputs);
      const outputs = guardSecrets(found.outputs, goal.inputs, goal.additionalSecretOutputs);
      return this.#put(
        { ...found, inputs, outputs, created: time, modified: time },
        this.#placeOver(subject),
      );
    });
  }
}
