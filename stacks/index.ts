// Which of the programs this stack runs: the one of its own name, unless `understudy:program` says another.
import * as pulumi from "@pulumi/pulumi";

const programs = {
  primary: () => import("./primary.ts"),
  mirror: () => import("./mirror.ts"),
  edge: () => import("./edge.ts"),
};

const name = new pulumi.Config("understudy").get("program") ?? pulumi.getStack();
if (!Object.hasOwn(programs, name)) {
  throw new pulumi.RunError(
    `There is no program '${name}'; there are: ${Object.keys(programs).join(", ")}. ` +
      "Name the stack after one, or set understudy:program.",
  );
}
const { outputs } = await programs[name as keyof typeof programs]();

// A program's default export is what Pulumi takes for the stack's outputs.
export default outputs;
