import type { Reporter, TestCase, TestModule } from "vitest/node";

/** Prints, after the usual report, each skip with its reason and one plain line of totals. */
export class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const totals = { passed: 0, failed: 0, skipped: 0 };
    const skips = new Map<string, number>();
    for (const module of modules) {
      let tests = 0;
      for (const test of module.children.allTests()) {
        tests++;
        const { state } = test.result();
        if (state === "passed" || state === "failed") totals[state]++;
        else {
          totals.skipped++;
          const reason = reasonOf(test);
          skips.set(reason, (skips.get(reason) ?? 0) + 1);
        }
      }
      // A file that did not even load has no tests, and must not pass unseen.
      if (module.state() === "failed" && tests === 0) totals.failed++;
    }
    for (const [reason, count] of skips) process.stdout.write(`skipped ${count}: ${reason}\n`);
    process.stdout.write(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped\n`);
  }
}

function reasonOf(test: TestCase): string {
  const result = test.result();
  const note = result.state === "skipped" ? result.note : undefined;
  return note === undefined ? test.fullName : `${note} (${test.fullName})`;
}
