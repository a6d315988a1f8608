import type { Deadline } from "../../../src/base/deadline.ts";
import { NotFoundError } from "../../../src/base/errors.ts";
import type { Client } from "./client.ts";
import { type AppAnswer, appSchema, named, spaceSchema } from "./wire.ts";

/** A space with its organization. */
export interface Place {
  readonly space: string;
  readonly organization: string;
}

/** Guids of a space and its organization, by their names. Throws `space-not-found` or `organization-not-found`. */
export async function placeOf(
  client: Client,
  names: { readonly organization: string; readonly space: string },
  deadline: Deadline,
): Promise<Place> {
  const [organization] = await client.list("/v3/organizations", named, deadline, {
    names: encodeURIComponent(names.organization),
  });
  if (organization === undefined) {
    throw new NotFoundError(
      `There is no organization '${names.organization}', or this user may not see it.`,
      {
        code: "organization-not-found",
        suggestion: "Set `organization` in the site's settings to one that `cf orgs` lists.",
      },
    );
  }
  const [space] = await client.list("/v3/spaces", spaceSchema, deadline, {
    names: encodeURIComponent(names.space),
    organization_guids: organization.guid,
  });
  if (space === undefined) {
    throw new NotFoundError(`Organization '${names.organization}' has no space '${names.space}'.`, {
      code: "space-not-found",
      suggestion: "Set `space` in the site's settings to one that `cf spaces` lists.",
    });
  }
  return { space: space.guid, organization: organization.guid };
}

/** The app of a name in a space, or undefined. */
export async function appNamed(
  client: Client,
  place: Place,
  name: string,
  deadline: Deadline,
): Promise<AppAnswer | undefined> {
  const query = { names: encodeURIComponent(name), space_guids: place.space };
  const [app] = await client.list("/v3/apps", appSchema, deadline, query);
  return app;
}
