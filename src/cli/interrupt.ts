import { UnderstudyError } from "../base/errors.ts";
import { exitCode } from "./exit.ts";

/** A signal that Ctrl-C or a polite kill sets off. The work behind it decides what may be cut off; a second one ends the process. */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  const interrupt = () => {
    if (controller.signal.aborted) process.exit(exitCode.interrupted);
    controller.abort(new UnderstudyError("It was interrupted.", { code: "interrupted" }));
  };
  // Not `once`: while a command runs, execa raises a signal anew, and so ends the process, when no other listener is left.
  for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, interrupt);
  return controller.signal;
}
