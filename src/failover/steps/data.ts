import { messageOf, RetryableError } from "../../base/errors.ts";
import type { Hold, Link } from "../../data/contract.ts";
import { type Cast, patience, patienceMs } from "../cast.ts";
import type { Step, StepContext } from "../step.ts";

export function hold(cast: Cast): Step {
  const { to, links, holds } = cast;
  return {
    name: "hold",
    title: `Let who writes to ${list(links)} of ${to.name} wait`,
    // Without it they are refused for a moment, as they are where there is no such wait.
    bestEffort: true,
    async act({ signal }) {
      await Promise.all(
        links.map(async (link) => {
          const held = await link.hold?.({ signal });
          if (held !== undefined) holds.set(link.service, held);
        }),
      );
      return { outcome: "done", detail: `${list(links)} held` };
    },
    async undo() {
      await Promise.all(links.map((link) => release(cast, link)));
    },
  };
}

export function fence({ plan, from, links }: Cast): Step {
  return {
    name: "fence",
    title: `Make ${list(links)} of ${from.name} read-only`,
    bestEffort: plan.mode === "ungraceful",
    async act({ signal }) {
      const positions: Record<string, string> = {};
      await Promise.all(
        links.map(async (link) => {
          positions[link.service] = await link.fence(plan.epoch, patience(plan, signal));
        }),
      );
      return { outcome: "done", detail: `${list(links)} fenced`, data: { positions } };
    },
    async undo({ signal }) {
      await Promise.all(links.map((link) => link.unfence(plan.epoch, { signal })));
    },
  };
}

/** Where each link's source stood when it was fenced; undefined when it could not be. */
function positionsOf({ dataOf }: StepContext): Readonly<Record<string, string>> | undefined {
  return dataOf("fence")?.positions as Readonly<Record<string, string>> | undefined;
}

export function drain(cast: Cast): Step {
  const { plan, to, links } = cast;
  return {
    name: "drain",
    title: `Bring ${to.name} up to the fenced position`,
    bestEffort: plan.mode === "ungraceful",
    async act(context) {
      const { signal } = context;
      const positions = positionsOf(context);
      if (positions === undefined) {
        return {
          outcome: "unreachable",
          detail: `the old side has no position; up to ${plan.declaredLoss} changes are lost`,
        };
      }
      const notes: string[] = [];
      await Promise.all(
        links.map(async (link) => {
          const position = positions[link.service];
          if (position === undefined) return;
          await underHold(
            cast,
            link,
            notes,
            (held) => held.drain(position, { signal }),
            () => link.drain(position, patience(plan, signal)),
          );
        }),
      );
      return { outcome: "done", detail: ["nothing is missing", ...notes].join("; ") };
    },
  };
}

export function promote(cast: Cast): Step {
  const { plan, to, links } = cast;
  return {
    name: "promote",
    title: `Make ${list(links)} of ${to.name} writable`,
    commits: true,
    async act(context) {
      const { signal } = context;
      const notes: string[] = [];
      const alone = async (link: Link) => {
        // What was drained under a hold went with it.
        const position = link.hold === undefined ? undefined : positionsOf(context)?.[link.service];
        if (position !== undefined && plan.mode === "graceful") await link.drain(position, { signal });
        return await link.promote(plan.epoch, { signal });
      };
      await Promise.all(
        links.map(async (link) => {
          const byHold = (held: Hold) => held.promote(plan.epoch);
          const promotion = await underHold(cast, link, notes, byHold, () => alone(link));
          await release(cast, link);
          notes.push(...promotion.notes);
        }),
      );
      return { outcome: "done", detail: notes.length === 0 ? `${list(links)} writable` : notes.join("; ") };
    },
  };
}

/** Does it under the link's hold, else (there is none, or it was lost) by the link alone. */
async function underHold<T>(
  cast: Cast,
  link: Link,
  notes: string[],
  held: (hold: Hold) => Promise<T>,
  alone: () => Promise<T>,
): Promise<T> {
  const hold = cast.holds.get(link.service);
  if (hold === undefined) return await alone();
  try {
    return await held(hold);
  } catch (error) {
    notes.push(`the hold of ${link.service} was lost: ${messageOf(error)}`);
    await release(cast, link);
    return await alone();
  }
}

async function release({ holds }: Cast, link: Link): Promise<void> {
  const hold = holds.get(link.service);
  holds.delete(link.service);
  await hold?.release();
}

/** After a graceful run both sides are equal at the promotion, so the way back begins there, without a copy. */
export function turnAround({ world, plan, from, to }: Cast): Step {
  return {
    name: "turn-around",
    title: `Let the data flow back to ${from.name}`,
    bestEffort: true,
    async act({ signal }) {
      const { timeoutMs = patienceMs } = patience(plan, signal);
      const limit = AbortSignal.timeout(timeoutMs);
      const back = world.links(to.name, from.name);
      try {
        await Promise.all(back.map((link) => link.init({ signal: AbortSignal.any([signal, limit]) })));
      } catch (error) {
        if (!limit.aborted || signal.aborted) throw error;
        throw new RetryableError(`The data of '${from.name}' gave no answer within ${timeoutMs / 1000} s.`, {
          code: "no-way-back-yet",
          cause: error,
          suggestion: "When it answers again: understudy link init",
        });
      }
      return { outcome: "done", detail: `${list(back)} of ${from.name} follows ${to.name}` };
    },
  };
}

function list(links: readonly Link[]): string {
  return links.map((link) => link.service).join(", ");
}
