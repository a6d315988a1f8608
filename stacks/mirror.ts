// The mirror: the same app on another platform, warm, with its workers and schedule at rest until it is active.
import { Site } from "../src/site/site.ts";
import { siteOfStack } from "../src/site/stack.ts";

const mirror = new Site("mirror", await siteOfStack("mirror"));

export const outputs = { site: mirror.handle };
