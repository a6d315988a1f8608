import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Suites of some minutes. On a machine that has not seen them before, vitest would begin some of them last, and all else would wait. */
const long = [
  "e2e/cutover",
  "contract/kubernetes",
  "contract/openshift",
  "kubernetes/standin",
  "kubernetes/drill",
];

function rank({ moduleId }: TestSpecification): number {
  const index = long.findIndex((name) => moduleId.includes(`/test/${name}.`));
  return index < 0 ? long.length : index;
}

/** Begins the long suites first. */
export class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b));
  }
}
