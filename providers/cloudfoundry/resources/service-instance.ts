import { z } from "zod";
import type { Deadline } from "../../../src/base/deadline.ts";
import { NotFoundError, UnderstudyError } from "../../../src/base/errors.ts";
import type { Client } from "../api/client.ts";
import { isTaken } from "../api/failure.ts";
import { identified, named, planSchema, serviceInstanceSchema } from "../api/wire.ts";
import { define } from "./define.ts";

const inputs = z.strictObject({
  /** Guid of the space. */
  space: z.string(),
  name: z.string().min(1),
  /** Name of the offering in the marketplace, e.g. postgres. */
  offering: z.string().min(1),
  /** Null = the first that is available. */
  plan: z.string().nullable().default(null),
  parameters: z.record(z.string(), z.string()).default({}),
});

async function planFor(
  client: Client,
  { space, offering, plan }: z.output<typeof inputs>,
  deadline: Deadline,
): Promise<z.output<typeof planSchema>> {
  const plans = await client.list("/v3/service_plans", planSchema, deadline, {
    service_offering_names: offering,
    space_guids: space,
    available: "true",
  });
  const found = plan === null ? plans[0] : plans.find((candidate) => candidate.name === plan);
  if (found !== undefined) return found;
  const names = plans.map((candidate) => candidate.name).join(", ");
  throw new NotFoundError(
    plans.length === 0
      ? `The marketplace has no service '${offering}' for this space.`
      : `The service '${offering}' has no plan '${plan}'. It has: ${names}.`,
    {
      code: plans.length === 0 ? "service-not-offered" : "plan-not-offered",
      path: plans.length === 0 ? "offering" : "plan",
      suggestion: "Look at `cf marketplace`, and set the service's `plan: {cloudfoundry: OFFERING:PLAN}`.",
    },
  );
}

async function awaitOperation(client: Client, guid: string, deadline: Deadline): Promise<void> {
  for (let waitMs = 100; ; waitMs = Math.min(5_000, waitMs * 1.5)) {
    const found = await client.get(`/v3/service_instances/${guid}`, serviceInstanceSchema, deadline);
    const { state = "succeeded", type = "create", description } = found.last_operation ?? {};
    if (state === "succeeded") return;
    if (state === "failed") {
      throw new UnderstudyError(
        `The ${type} of service '${found.name}' failed: ${description || "no reason was given"}.`,
        {
          code: "service-failed",
          path: found.name,
        },
      );
    }
    await deadline.pause(waitMs, `service '${found.name}'`);
  }
}

/** A managed service instance. It holds data. */
export const serviceInstance = define({
  inputs,
  replaceOn: ["space", "offering"],
  deleteBeforeReplace: true,
  stableOutputs: ["guid"],

  async create({ client, deadline }, wanted) {
    const plan = await planFor(client, wanted, deadline);
    const json = {
      type: "managed",
      name: wanted.name,
      ...(Object.keys(wanted.parameters).length === 0 ? {} : { parameters: wanted.parameters }),
      relationships: {
        space: { data: { guid: wanted.space } },
        service_plan: { data: { guid: plan.guid } },
      },
    };
    try {
      const { guid } = await client.create("/v3/service_instances", json, serviceInstanceSchema, deadline);
      await awaitOperation(client, guid, deadline);
      return { id: guid, outputs: { guid } };
    } catch (error) {
      await removeFailed(client, wanted, deadline);
      if (!isTaken(error)) throw error;
      throw new UnderstudyError(
        `The service instance '${wanted.name}' can't be made: ${(error as Error).message}`,
        {
          code: "name-taken",
          path: "name",
          cause: error,
          suggestion: "If it is this app's, import it with its guid (`cf service NAME --guid`).",
        },
      );
    }
  },

  async read({ client, deadline }, id, known) {
    const found = await client.find(`/v3/service_instances/${id}`, serviceInstanceSchema, deadline);
    const planGuid = found?.relationships.service_plan?.data?.guid;
    if (found === undefined || planGuid === undefined) return undefined;
    const plan = await client.get(`/v3/service_plans/${planGuid}`, planSchema, deadline);
    const offering = await client.get(
      `/v3/service_offerings/${plan.relationships.service_offering.data?.guid}`,
      named,
      deadline,
    );
    return {
      inputs: {
        space: found.relationships.space.data?.guid ?? "",
        name: found.name,
        offering: offering.name,
        plan: known?.inputs.plan === null ? null : plan.name,
        // Brokers keep them to themselves.
        parameters: known?.inputs.parameters ?? {},
      },
      outputs: { guid: found.guid },
    };
  },

  async update({ client, deadline }, current, wanted) {
    const plan = wanted.plan === null ? undefined : await planFor(client, wanted, deadline);
    const json = {
      name: wanted.name,
      ...(plan === undefined ? {} : { relationships: { service_plan: { data: { guid: plan.guid } } } }),
      ...(JSON.stringify(wanted.parameters) === JSON.stringify(current.inputs.parameters ?? {})
        ? {}
        : { parameters: wanted.parameters }),
    };
    await client.patchJob(`/v3/service_instances/${current.id}`, json, deadline);
    await awaitOperation(client, current.id, deadline);
    return { guid: current.id };
  },

  async delete({ client, deadline }, current) {
    // A binding left by hand would block the deletion.
    const bindings = await client.list("/v3/service_credential_bindings", identified, deadline, {
      service_instance_guids: current.id,
    });
    for (const { guid } of bindings) await client.delete(`/v3/service_credential_bindings/${guid}`, deadline);
    await client.delete(`/v3/service_instances/${current.id}`, deadline);
  },
});

/** A broker that failed leaves an instance behind that nobody can use: the next run has to be able to take its name. */
async function removeFailed(
  client: Client,
  { space, name }: z.output<typeof inputs>,
  deadline: Deadline,
): Promise<void> {
  try {
    const query = { names: encodeURIComponent(name), space_guids: space };
    const found = await client.list("/v3/service_instances", serviceInstanceSchema, deadline, query);
    for (const { guid, last_operation: last } of found) {
      if (last?.type === "create" && last.state === "failed") {
        await client.delete(`/v3/service_instances/${guid}`, deadline);
      }
    }
  } catch {
    // The failure of the creation is what the caller hears of.
  }
}
