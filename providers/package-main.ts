// Stands in for the plugin of someone else's package, where that isn't installed. Arguments: the platform whose package
// it is, then the engine's own.
import { InputError } from "../src/base/errors.ts";
import { loadPlatform } from "../src/platform/registry.ts";
import { packageConfig } from "./plugin/package-config.ts";
import { serve } from "./plugin/serve.ts";

const [platformName = "", ...args] = process.argv.slice(2);
const { package: pkg, title } = await loadPlatform(platformName);
if (pkg === undefined) {
  throw new InputError([{ code: "no-package", message: `${title} has no package of someone else's.` }]);
}
serve(
  {
    name: pkg.name,
    version: pkg.version,
    config: packageConfig(pkg),
    handler: (token) => pkg.handler(token),
    unknownType: `What stands in for the plugin '${pkg.name}' doesn't know it. Install the plugin: pulumi plugin install resource ${pkg.name} ${pkg.version}`,
  },
  args,
);
