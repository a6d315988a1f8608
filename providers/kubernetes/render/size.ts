import type { Process } from "../../../src/app/schema.ts";
import type { InputValue } from "../../../src/platform/contract.ts";
import { canonicalSize, cores, megabytes } from "./quantity.ts";
import { frontProcess, type Site } from "./site.ts";

/** A process of which nothing is said: a dyno's memory. */
const defaultMemoryMb = 512;
const defaultCpu = 0.1;
/** What a container may write: asked for at least, and at most. */
const defaultDisk = { request: 128, limit: 1024 };

/** `MEMORY` or `CPU:MEMORY` as a hint of a size says it, e.g. `1Gi` or `500m:1Gi`. */
export const planPattern = "^((\\d+m|\\d+(\\.\\d+)?):)?[1-9]\\d*(Mi|Gi|Ti)$";

interface Size {
  readonly cpu: string;
  readonly memory: string;
  readonly diskRequest: string;
  readonly diskLimit: string;
}

function coresOf(text: string): number {
  return text.endsWith("m") ? Number(text.slice(0, -1)) / 1000 : Number(text);
}

/** What a process needs: as stated, else as the hint for this platform says, else little. */
export function sizeOf(process: Process | undefined, { dialect }: Site): Size {
  const { memoryMb, cpu, diskMb, plan } = process?.size ?? {};
  const hint = plan?.[dialect.name] ?? "";
  const parts = new RegExp(planPattern).test(hint) ? hint.split(":") : [];
  const [hintedCpu, hintedMemory] = parts.length === 1 ? [undefined, parts[0]] : parts;
  return {
    cpu: cores(cpu ?? (hintedCpu === undefined ? defaultCpu : coresOf(hintedCpu))),
    memory:
      memoryMb === undefined && hintedMemory !== undefined
        ? canonicalSize(hintedMemory)
        : megabytes(memoryMb ?? defaultMemoryMb),
    diskRequest: megabytes(diskMb ?? defaultDisk.request),
    diskLimit: megabytes(diskMb ?? defaultDisk.limit),
  };
}

/** One-off commands (release, schedule) get the size of the process that users meet: they load the same code. */
export function oneOffSize(site: Site): Size {
  return sizeOf(site.app.processes[frontProcess(site) ?? ""], site);
}

/** Requests and limits of a container. The processor has no limit: a throttled process is a slow one for nothing. */
export function resourcesOf({ cpu, memory, diskRequest, diskLimit }: Size): InputValue {
  return {
    requests: { cpu, memory, "ephemeral-storage": diskRequest },
    limits: { memory, "ephemeral-storage": diskLimit },
  };
}
