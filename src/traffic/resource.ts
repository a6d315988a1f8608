import { randomUUID } from "node:crypto";
import { z } from "zod";
import { NotFoundError, RefusedError } from "../base/errors.ts";
import type { JsonObject } from "../base/json.ts";
import type { TrafficTarget } from "../platform/contract.ts";
import type {
  ResourceContext,
  ResourceHandler,
  ResourceReading,
  ResourceState,
} from "../platform/handler.ts";
import type { Ledger, TrafficState, Zone } from "./contract.ts";
import { isLedgerWord, sameLedger } from "./ledger.ts";
import { describeLedger } from "./reading.ts";
import { openZone } from "./registry.ts";
import { ledgerName, tsigKeySchema, type ZoneSettings, zoneSettingsSchema } from "./settings.ts";
import { describeTarget, sameTarget } from "./target.ts";
import { waitUntilVerified } from "./verify.ts";

/** What a client of the zone needs beside its settings: the key, a secret, without which the zone can only be read. */
export const trafficConnection = z.strictObject({ key: tsigKeySchema.exactOptional() });
export type TrafficConnection = z.output<typeof trafficConnection>;

const targetSchema = z.strictObject({
  type: z.enum(["A", "AAAA", "CNAME"]),
  values: z.array(z.string()).min(1),
});

const inputsSchema = z.strictObject({
  zone: zoneSettingsSchema
    .refine((zone) => zone.key === undefined, "must not hold the key, which belongs to the connection")
    .describe("The zone's settings without the key."),
  active: z
    .string()
    .refine(isLedgerWord, "must be a site's name: letters, digits, . _ : @ or -")
    .describe("The site that is active at first. Later the ledger says it, and this is not looked at."),
  target: targetSchema.describe("Where the active site is reached at first. Later only a cutover moves it."),
  ttlSeconds: z.int().min(0).max(86_400).exactOptional().describe("Default: the zone's."),
  overwrite: z
    .boolean()
    .default(false)
    .describe("Let the first creation replace records that lead elsewhere."),
});

type Inputs = z.output<typeof inputsSchema>;

const ledgerSchema = z.object({ epoch: z.int(), active: z.string(), by: z.string() });

type Context = ResourceContext<TrafficConnection>;

function open(
  { connection }: Context,
  inputs: Inputs,
): { readonly zone: Zone; readonly settings: ZoneSettings } {
  const { key } = connection;
  const settings: ZoneSettings = { ...inputs.zone, ...(key === undefined ? {} : { key }) };
  return { zone: openZone(settings), settings };
}

function ttlOf({ ttlSeconds, zone }: Inputs): number {
  return ttlSeconds ?? zone.ttlSeconds;
}

function outputsOf({ ledger, target, ttlSeconds }: Required<TrafficState>): JsonObject {
  return {
    ...(ledger === undefined
      ? {}
      : { ledger: { epoch: ledger.epoch, active: ledger.active, by: ledger.by } }),
    ...(target === undefined ? {} : { target: { type: target.type, values: target.values } }),
    ...(ttlSeconds === undefined ? {} : { ttlSeconds }),
  };
}

/** The records and ledger of a zone that has a ledger, or the error that tells how it came to have none. */
function complete(
  state: TrafficState,
  settings: ZoneSettings,
): { readonly ledger: Ledger; readonly target: TrafficTarget } {
  const { ledger, target } = state;
  if (ledger !== undefined && target !== undefined) return { ledger, target };
  throw new NotFoundError(
    `${settings.names[0]} has ${ledger === undefined ? "no ledger any more" : "a ledger and no records"}.`,
    {
      code: "records-gone",
      path: ledgerName(settings),
      suggestion: "Somebody removed them by hand. Run refresh, then up, to make them again.",
    },
  );
}

async function create(context: Context, raw: JsonObject): Promise<ResourceState> {
  const inputs = inputsSchema.parse(raw);
  const { zone, settings } = open(context, inputs);
  const { signal, log } = context;
  const id = ledgerName(settings);
  const found = await zone.read({ signal });
  if (found.ledger !== undefined) {
    const seen = `${describeLedger(found.ledger)}, ${describeTarget(found.target)}`;
    log.info(`${id} is there already and is taken as it is: ${seen}.`);
    return { id, outputs: outputsOf({ ...found }) };
  }
  const ledger: Ledger = { epoch: 1, active: inputs.active, by: `up-${randomUUID().slice(0, 8)}` };
  const { target, overwrite } = inputs;
  const ttlSeconds = ttlOf(inputs);
  await zone.change({ expect: undefined, ledger, target, ttlSeconds, overwrite }, { signal });
  await waitUntilVerified(zone, { ledger, target }, { signal });
  return { id, outputs: outputsOf({ ledger, target, ttlSeconds }) };
}

async function read(
  context: Context,
  id: string,
  known: { readonly inputs: JsonObject } | undefined,
): Promise<ResourceReading | undefined> {
  if (known === undefined) {
    throw new RefusedError(`${id} can't be imported by its name alone.`, {
      code: "import-refused",
      rule: "create-adopts",
      path: id,
      suggestion:
        "Leave the import out: where a ledger exists, creation takes it as it is and moves nothing.",
    });
  }
  const inputs = inputsSchema.parse(known.inputs);
  const state = await open(context, inputs).zone.read({ signal: context.signal });
  if (state.ledger === undefined) return undefined;
  const { ledger, target, ttlSeconds = ttlOf(inputs) } = state;
  const drift: JsonObject = {
    active: ledger.active,
    ...(target === undefined || sameTarget(target, inputs.target) ? {} : { target: { ...target } }),
    ...(ttlSeconds === ttlOf(inputs) ? {} : { ttlSeconds }),
  };
  return { id, outputs: outputsOf({ ledger, target, ttlSeconds }), inputs: { ...known.inputs, ...drift } };
}

/** TTL and further names only: where users are sent is not Pulumi's to change. */
async function update(
  context: Context,
  current: ResourceState & { readonly inputs: JsonObject },
  raw: JsonObject,
): Promise<JsonObject> {
  const inputs = inputsSchema.parse(raw);
  const before = inputsSchema.parse(current.inputs);
  const { zone, settings } = open(context, inputs);
  const { signal, log } = context;
  if (ledgerName(before.zone) !== ledgerName(settings) || before.zone.zone !== settings.zone) {
    throw new RefusedError(`The ledger at ${current.id} can't be moved to ${ledgerName(settings)}.`, {
      code: "ledger-move-refused",
      rule: "ledger-stays",
      path: current.id,
      suggestion:
        "Keep zone and first name, or declare a second resource with the new name and remove this one later.",
    });
  }
  const { ledger, target } = complete(await zone.read({ signal }), settings);
  const ttlSeconds = ttlOf(inputs);
  await zone.change({ expect: ledger, ledger, target, ttlSeconds }, { signal });
  await waitUntilVerified(zone, { ledger, target }, { signal });
  const dropped = before.zone.names.filter((name) => !settings.names.includes(name));
  if (dropped.length > 0) {
    log.warn(
      `The records of ${dropped.join(", ")} stay as they are, and no cutover moves them any more: remove them.`,
    );
  }
  return outputsOf({ ledger, target, ttlSeconds });
}

async function remove(
  context: Context,
  current: ResourceState & { readonly inputs: JsonObject },
): Promise<void> {
  const { zone } = open(context, inputsSchema.parse(current.inputs));
  const { signal } = context;
  const { ledger } = await zone.read({ signal });
  if (ledger === undefined) return;
  const known = ledgerSchema.safeParse(current.outputs.ledger);
  if (!known.success || !sameLedger(known.data, ledger)) {
    const recorded = known.success ? describeLedger(known.data) : "nothing";
    throw new RefusedError(
      `${current.id} says ${describeLedger(ledger)}, and the state knows of ${recorded}: there was a cutover since.`,
      {
        code: "destroy-refused",
        rule: "ledger-as-known",
        path: current.id,
        suggestion: "See where users are sent now, then let the state know: understudy refresh edge",
      },
    );
  }
  await zone.remove(ledger, { signal });
}

/**
 * The records of an app and the ledger beside them. Creation makes them (or adopts a ledger that is there, moving
 * nothing), and from then on only the failover plane moves them: programs ignore changes of `active` and `target`.
 * Outputs: `ledger` {epoch, active, by}, `target`, `ttlSeconds`.
 */
const records: ResourceHandler<TrafficConnection> = {
  inputs: inputsSchema,
  replaceOn: [],
  create,
  read,
  update,
  delete: remove,
};

/** By type token, as the Pulumi plugin serves them. */
export const trafficResources: Readonly<Record<string, ResourceHandler<TrafficConnection>>> = {
  "understudy:traffic:Records": records,
};
