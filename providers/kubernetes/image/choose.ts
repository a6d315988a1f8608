import { InputError, messageOf } from "../../../src/base/errors.ts";
import { run } from "../../../src/base/run.ts";
import { type Builder, builders } from "./builders.ts";

/** A daemon that hangs is as good as none. */
const checkMs = 15_000;

/** Why a tool can't be used; undefined when it can. */
async function objection(builder: Builder, signal: AbortSignal): Promise<string | undefined> {
  try {
    await run(builder.name, builder.check, { timeoutMs: checkMs, signal });
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    return messageOf(error).split("\n").slice(0, 3).join(" ");
  }
}

/**
 * The tool that builds: the one that is asked for, else the first on this machine that works.
 * @throws InputError `no-builder`, saying of each tool why it can't be used
 */
export async function chooseBuilder(
  wanted: string | null,
  builds: Builder["builds"],
  signal: AbortSignal,
): Promise<Builder> {
  const candidates = builders.filter((builder) =>
    wanted === null ? builder.builds === builds : builder.name === wanted,
  );
  const reasons: string[] = [];
  for (const builder of candidates) {
    const reason = await objection(builder, signal);
    if (reason === undefined) return builder;
    reasons.push(reason);
  }
  const names = builders.filter((builder) => builder.builds === builds).map(({ name }) => name);
  const how = builds === "dockerfile" ? "from its Dockerfile" : "by buildpacks";
  throw new InputError([
    {
      code: "no-builder",
      path: "settings.image.builder",
      message: `Nothing on this machine can build the app's image ${how}. ${reasons.join(" ")}`,
      suggestion: `Install ${names.join(", ")}, set image.builder: command with a command of your own, or give the app's image as source.image.`,
    },
  ]);
}
