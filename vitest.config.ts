import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    pool: "forks",
    // Most suites start servers and processes: a generous limit that only a hang can reach.
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
