// The primary: the app where its users are on a good day.
import { Site } from "../src/site/site.ts";
import { siteOfStack } from "../src/site/stack.ts";

const primary = new Site("primary", await siteOfStack("primary"));

export const outputs = { site: primary.handle };
