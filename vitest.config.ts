import { defineConfig } from "vitest/config";
import { SummaryReporter } from "./test/support/summary-reporter.ts";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    pool: "forks",
    // Suites wait more than they compute, and none shares a port or a folder with another.
    maxWorkers: 2,
    // Most suites start servers and processes: generous limits that only a hang can reach.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    reporters: ["default", new SummaryReporter()],
  },
});
