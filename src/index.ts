// What a Pulumi program of one's own imports.

export { loadApp } from "./app/load.ts";
export { defineApp } from "./app/parse.ts";
export type { App, AppInput, Role } from "./app/schema.ts";
export { loadPlatform } from "./platform/registry.ts";
export { archiveFolder } from "./site/archive.ts";
export { Understudy } from "./site/provider.ts";
export { Records, type RecordsArgs } from "./site/records.ts";
export { Site, type SiteArgs, type SiteHandle } from "./site/site.ts";
export { appOfStack, edgeOfStack, siteOfStack, trafficOfStack } from "./site/stack.ts";
