import { configDefaults, defineConfig } from "vitest/config";
import base, { clusterSuites } from "../../vitest.config.ts";

/** The suites that need a cluster; with UNDERSTUDY_TEST_ALL=1 every other suite beside them. */
export default defineConfig({
  test: {
    ...base.test,
    include: process.env.UNDERSTUDY_TEST_ALL === "1" ? ["test/**/*.test.ts"] : clusterSuites,
    exclude: configDefaults.exclude,
    // A cluster beside them takes its share of the machine.
    maxWorkers: 2,
    // The cluster ends with the run.
    teardownTimeout: 120_000,
    globalSetup: ["test/kubernetes/global-setup.ts"],
  },
});
