import { UnderstudyError } from "../../base/errors.ts";
import { run } from "../../base/run.ts";
import type { ChildOptions } from "./children.ts";

/** Another user than root, for a server that refuses to run as root. */
export interface ServiceUser {
  readonly uid: number;
  readonly gid: number;
  /** How a command is run as this user, as an option of a child. */
  command(command: string, args: readonly string[]): Pick<ChildOptions, "command" | "args" | "user">;
}

async function idOf(flag: "-u" | "-g", name: string): Promise<number | undefined> {
  const { exitCode, stdout } = await run("id", [flag, name], { allowFailure: true });
  return exitCode === 0 ? Number(stdout.trim()) : undefined;
}

/**
 * With the one capability to walk through folders that are closed to others, as root's often are, the server's files
 * can lie with all the rest. Not every container has it to give.
 */
async function makeUser(uid: number, gid: number): Promise<ServiceUser> {
  const identity = [`--reuid=${uid}`, `--regid=${gid}`, "--clear-groups"];
  const capability = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"];
  const setpriv = [...identity, ...capability, "--"];
  const tried = await run("setpriv", [...setpriv, "true"], { allowFailure: true }).catch(() => undefined);
  return {
    uid,
    gid,
    command: (command, args) =>
      tried?.exitCode === 0
        ? { command: "setpriv", args: [...setpriv, command, ...args] }
        : { command, args, user: { uid, gid } },
  };
}

/** Whom PostgreSQL runs as. Undefined = ourselves, who aren't root. */
export async function serviceUser(): Promise<ServiceUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ["postgres", "nobody"]) {
    const [uid, gid] = await Promise.all([idOf("-u", name), idOf("-g", name)]);
    if (uid !== undefined && gid !== undefined) return await makeUser(uid, gid);
  }
  throw new UnderstudyError("PostgreSQL can't run as root, and there is no user 'postgres' or 'nobody'.", {
    code: "service-user-missing",
    suggestion: "Make a user 'postgres', or run Understudy as another user than root.",
  });
}

/** A command as another user, or as ourselves. */
export function commandAs(
  user: ServiceUser | undefined,
  command: string,
  args: readonly string[],
): Pick<ChildOptions, "command" | "args" | "user"> {
  return user === undefined ? { command, args } : user.command(command, args);
}
