import { Command, Option } from "commander";
import type { DemoOptions } from "../demo/demo.ts";

/** The whole of Understudy in one go, on this machine alone. */
export function demoCommand(): Command {
  return new Command("demo")
    .description("bring up an app on a local Heroku and its mirror, cut it over three times, and report")
    .option("--json", "print the figures as one JSON object, the last line")
    .option("--report <file>", "where the report goes", "report.html")
    .addOption(
      new Option("--engine <engine>", "what brings the sites up")
        .choices(["offline", "pulumi"])
        .default("offline"),
    )
    .addOption(
      new Option("--mirror <platform>", "what the mirror stands on")
        .choices(["cloudfoundry", "kubernetes"])
        .default("cloudfoundry"),
    )
    .option("--cluster <file>", "what script/kubernetes told of the cluster, for a mirror on Kubernetes")
    .option("--keep", "leave the platforms and the app up at the end")
    .addHelpText("after", "\nExample:\n  $ understudy demo --report /tmp/report.html")
    .action(async (options: DemoOptions) => {
      // It uses nearly all there is; whoever runs another command needn't wait for it to load.
      const { demo } = await import("../demo/demo.ts");
      await demo(options);
    });
}
