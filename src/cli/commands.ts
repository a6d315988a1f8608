import type { Command } from "commander";

/**
 * Every command, in the order of the help, by the name that it is called by. Each is made by one file of commands/, loaded
 * when it is called: in an outage nobody should wait for the parts of those that were not.
 */
export const commands: Readonly<Record<string, () => Promise<Command>>> = {
  init: async () => (await import("./commands/init.ts")).initCommand(),
  import: async () => (await import("./commands/import.ts")).importCommand(),
  check: async () => (await import("./commands/check.ts")).checkCommand(),
  render: async () => (await import("./commands/render.ts")).renderCommand(),
  schema: async () => (await import("./commands/schema.ts")).schemaCommand(),
  config: async () => (await import("./commands/config.ts")).configCommand(),
  preview: async () => (await import("./commands/preview.ts")).previewCommand(),
  up: async () => (await import("./commands/up.ts")).upCommand(),
  refresh: async () => (await import("./commands/refresh.ts")).refreshCommand(),
  destroy: async () => (await import("./commands/destroy.ts")).destroyCommand(),
  outputs: async () => (await import("./commands/outputs.ts")).outputsCommand(),
  stack: async () => (await import("./commands/stack.ts")).stackCommand(),
  export: async () => (await import("./commands/stack.ts")).exportCommand(),
  kit: async () => (await import("./commands/kit.ts")).kitCommand(),
  link: async () => (await import("./commands/link.ts")).linkCommand(),
  status: async () => (await import("./commands/status.ts")).statusCommand(),
  cutover: async () => (await import("./commands/cutover.ts")).cutoverCommand(),
  failback: async () => (await import("./commands/cutover.ts")).failbackCommand(),
  schedule: async () => (await import("./commands/schedule.ts")).scheduleCommand(),
  local: async () => (await import("./commands/local.ts")).localCommand(),
  demo: async () => (await import("./commands/demo.ts")).demoCommand(),
};
