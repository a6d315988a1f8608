import { sortKeys } from "../../../src/base/json.ts";
import { type InputValue, outputOf, type RenderedResource } from "../../../src/platform/contract.ts";
import { baseName } from "../names.ts";
import { imageKind } from "./command.ts";
import type { Site } from "./site.ts";

const imageResource = "image";

/** Whether the app's image is built from its source. */
export function isBuilt({ app }: Site): boolean {
  return !("image" in app.source);
}

/** The image that all containers of the app run: a name, or what its build gives. */
export function imageOf({ app }: Site): InputValue {
  return "image" in app.source ? app.source.image : outputOf(imageResource, "image");
}

/** Stands for the image where it can't be known yet: it changes when the image does. */
export function imageFingerprint({ app, archive }: Site): string {
  return "image" in app.source ? app.source.image : (archive?.sha256 ?? JSON.stringify(app.source));
}

/** What the image was built from, beside its digest: the same source has the same hash on every site. */
export function sourceOfImage({ archive }: Site): Readonly<Record<string, string>> {
  return archive === undefined ? {} : { "understudy.dev/source": `sha256:${archive.sha256}` };
}

/** The build of the app's image, when there is one. Without a registry, its handler says what is missing. */
export function renderImage(site: Site): readonly RenderedResource[] {
  if (!isBuilt(site)) return [];
  const { app, archive, settings } = site;
  const { registry, builder, command, cnbBuilder } = settings.image ?? {};
  const usesDockerfile = imageKind(app, settings) === "shell" && builder !== "command";
  const inputs = {
    registry: registry ?? null,
    name: baseName(app, settings),
    archive: archive?.path ?? null,
    sha256: archive?.sha256 ?? null,
    buildpacks: usesDockerfile ? [] : [...(app.build.buildpacks ?? [])],
    dockerfile: app.build.dockerfile ?? (usesDockerfile ? "Dockerfile" : null),
    context: app.build.context ?? null,
    args: { ...app.build.args },
    builder: builder ?? null,
    command: command === undefined ? null : [...command],
    cnbBuilder: cnbBuilder ?? app.build.stack?.[site.dialect.name] ?? null,
  };
  return [
    {
      type: "understudy:kubernetes:Image",
      name: imageResource,
      inputs: sortKeys(inputs),
      // A first build fetches base images.
      timeoutSeconds: 3600,
    },
  ];
}
