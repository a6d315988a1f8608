import { RetryableError } from "../../base/errors.ts";
import type { Link } from "../../data/contract.ts";
import { type Cast, patience, patienceMs } from "../cast.ts";
import type { Step } from "../step.ts";

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

export function drain({ plan, to, links }: Cast): Step {
  return {
    name: "drain",
    title: `Bring ${to.name} up to the fenced position`,
    bestEffort: plan.mode === "ungraceful",
    async act({ dataOf, signal }) {
      const positions = dataOf("fence")?.positions as Readonly<Record<string, string>> | undefined;
      if (positions === undefined) {
        return {
          outcome: "unreachable",
          detail: `the old side has no position; up to ${plan.declaredLoss} changes are lost`,
        };
      }
      await Promise.all(
        links.map(async (link) => {
          const position = positions[link.service];
          if (position !== undefined) await link.drain(position, patience(plan, signal));
        }),
      );
      return { outcome: "done", detail: "nothing is missing" };
    },
  };
}

export function promote({ plan, to, links }: Cast): Step {
  return {
    name: "promote",
    title: `Make ${list(links)} of ${to.name} writable`,
    commits: true,
    async act({ signal }) {
      const notes: string[] = [];
      await Promise.all(
        links.map(async (link) => {
          notes.push(...(await link.promote(plan.epoch, { signal })).notes);
        }),
      );
      return { outcome: "done", detail: notes.length === 0 ? `${list(links)} writable` : notes.join("; ") };
    },
  };
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
