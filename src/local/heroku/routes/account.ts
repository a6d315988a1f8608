import { Hono } from "hono";
import { idFor, regions, stacks } from "../catalog.ts";
import { notFound } from "../http/error.ts";
import { rangeOf } from "../http/range.ts";
import type { CallBudget } from "../http/rate-limit.ts";
import type { HerokuPlatform } from "../platform.ts";
import { accountRef } from "../shapes.ts";

export function accountRoutes(platform: HerokuPlatform, budget: CallBudget): Hono {
  const api = new Hono();
  const { createdAt } = platform.store.model.account;

  api.get("/account", (context) => {
    const { id, email } = accountRef(platform);
    return context.json({
      acknowledged_msa: true,
      acknowledged_msa_at: createdAt,
      allow_tracking: false,
      beta: false,
      country_of_residence: null,
      created_at: createdAt,
      default_organization: null,
      default_team: null,
      delinquent_at: null,
      email,
      federated: false,
      id,
      identity_provider: null,
      last_login: createdAt,
      name: platform.options.credentials.username,
      sms_number: null,
      suspended_at: null,
      two_factor_authentication: false,
      updated_at: createdAt,
      verified: true,
    });
  });

  api.get("/account/rate-limits", (context) => context.json({ remaining: budget.remaining }));
  api.get("/account/features/:feature", () => {
    throw notFound("feature");
  });
  api.get("/teams", (context) => context.json([]));
  api.get("/teams/:team", () => {
    throw notFound("team");
  });
  api.get("/regions", (context) =>
    rangeOf(
      context,
      regions.map((name) => ({ id: idFor("region", name), name, private_capable: false })),
      ["name", "id"],
    ),
  );
  api.get("/stacks", (context) =>
    rangeOf(
      context,
      stacks.map((name) => ({ id: idFor("stack", name), name, state: "public" })),
      ["name", "id"],
    ),
  );

  return api;
}
