import { afterAll, beforeAll, describe, vi } from "vitest";
import { destroys } from "./destroys.ts";
import { killedRuns } from "./kills.ts";
import { kitAlone } from "./kit-alone.ts";
import { refusals } from "./refusals.ts";
import { secrecy } from "./secrecy.ts";
import { stacks } from "./stacks.ts";
import { setTestStage, type TestStage } from "./stage.ts";
import { troubles } from "./troubles.ts";

// A test runs several commands, each of which takes many seconds on a machine that has much else to do.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

// One stage for all: real platforms, databases and DNS, and the real commands as child processes. The order matters.
let stage: TestStage;
beforeAll(async () => {
  stage = await setTestStage();
}, 600_000);
afterAll(() => stage?.close());

const current = (): TestStage => stage;

describe("a cutover that is killed", () => killedRuns(current));
describe("a cutover that is not to be", () => refusals(current));
describe("the stacks after a cutover", () => stacks(current));
describe("what is refused", () => troubles(current));
describe("the kit alone", () => kitAlone(current));
describe("destroy", () => destroys(current));
describe("secrets", () => secrecy(current));
