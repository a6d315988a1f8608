import { describe } from "vitest";
import { nameServerKinds } from "./name-server.ts";
import { zoneSuite } from "./zone.ts";

describe("a zone that takes dynamic updates", () => {
  for (const kind of nameServerKinds) zoneSuite(kind);
});
