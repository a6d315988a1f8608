import { configDefaults, defineConfig } from "vitest/config";
import { LongFirst } from "./test/support/long-first.ts";
import { SummaryReporter } from "./test/support/summary-reporter.ts";

/** Suites that need a Kubernetes cluster: script/test --kubernetes. */
export const clusterSuites = ["test/kubernetes/**/*.test.ts", "test/contract/{kubernetes,openshift}.test.ts"];

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: [...configDefaults.exclude, ...clusterSuites],
    pool: "forks",
    // Suites wait more than they compute, and none shares a port or a folder with another.
    maxWorkers: 3,
    sequence: { sequencer: LongFirst },
    // Most suites start servers and processes: generous limits that only a hang can reach.
    testTimeout: 240_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 30_000 } },
    reporters: ["default", new SummaryReporter()],
  },
});
