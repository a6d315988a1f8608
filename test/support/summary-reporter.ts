import type { Reporter, TestCase, TestModule } from "vitest/node";

/** Prints, after the usual report, each skip with its reason and one plain line of totals. */
export class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const totals = { passed: 0, failed: 0, skipped: 0 };
    const skips = new Map<string, number>();
    for (const module of modules) {
      let failed = 0;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === "failed") failed++;
        else if (state === "passed") totals.passed++;
        else {
          totals.skipped++;
          const reason = reasonOf(test);
          skips.set(reason, (skips.get(reason) ?? 0) + 1);
        }
      }
      // A file that did not even load has no tests, and one whose set-up failed skips them all: neither must pass unseen.
      totals.failed += module.state() === "failed" ? Math.max(failed, 1) : failed;
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
