import { setTimeout as delay } from "node:timers/promises";
import type { FaultState, Faults } from "./contract.ts";

type FaultPart = "control" | "routing" | "database";

/** What the parts of a runtime use of the faults, beyond their contract. */
export interface OwnFaults extends Faults {
  isDown(part: FaultPart): boolean;
  /** Told of each change, and awaited by `set`. */
  onChange(listener: () => void | Promise<void>): void;
}

const healthy: FaultState = { down: [], slowMs: 0, errorRate: 0 };

export function createFaults(random: () => number = Math.random): OwnFaults {
  let state = healthy;
  const listeners: (() => void | Promise<void>)[] = [];
  const isDown = (part: FaultPart): boolean => state.down.includes("all") || state.down.includes(part);
  return {
    get state() {
      return state;
    },
    isDown,
    onChange: (listener) => {
      listeners.push(listener);
    },
    set: async (change) => {
      state = { ...state, ...change };
      await Promise.all(listeners.map((listener) => listener()));
    },
    gate: async (part) => {
      if (isDown(part)) return "reset";
      if (state.slowMs > 0) await delay(state.slowMs);
      // It may have gone down meanwhile.
      if (isDown(part)) return "reset";
      return random() < state.errorRate ? "error" : "pass";
    },
  };
}
