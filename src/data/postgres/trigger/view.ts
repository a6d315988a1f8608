import { z } from "zod";
import {
  type Catalogue,
  nameOf,
  parseCatalogue,
  readCatalogue,
  selectCatalogue,
  type Table,
} from "../catalogue.ts";
import { type Progress, parseProgress } from "../progress.ts";
import type { Session } from "../session.ts";
import { sql } from "../sql.ts";
import { parseState, type SiteState, selectState, unlessMissing } from "../state.ts";
import type { Pair } from "./copy.ts";
import { carried, type Scope } from "./drift.ts";
import { type ForeignKeys, parseForeignKeys, selectForeignKeys, selectLoud } from "./quiet.ts";

const copiedSchema = z.array(
  z.object({
    relid: z.number(),
    tab: z.number(),
    shape: z.string(),
    filenode: z.number(),
    columns: z.array(z.number()),
  }),
);

export type Copied = Readonly<z.output<typeof copiedSchema>[number]>;

/** One end, as it is now. */
export interface EndView {
  /** Undefined where nothing of ours is installed. */
  readonly state: SiteState | undefined;
  readonly catalogue: Catalogue;
  readonly foreignKeys: ForeignKeys;
}

export interface TargetView extends EndView {
  /** What it has of each source that it ever followed. */
  readonly progress: readonly Progress[];
  readonly copied: readonly Copied[];
  /** Whether anything there would act by itself on applied rows. */
  readonly loud: boolean;
}

/** Reads an end as one snapshot of it, also within a transaction that is open already. */
export async function viewSource(session: Session): Promise<EndView> {
  const rows = await unlessMissing(session.run(selectState, selectCatalogue(true), selectForeignKeys));
  if (rows === undefined) {
    return { state: undefined, catalogue: await readCatalogue(session, false), foreignKeys: [] };
  }
  return {
    state: parseState(rows[0]?.[0]?.[0]),
    catalogue: parseCatalogue(rows[1]?.[0]?.[0]),
    foreignKeys: parseForeignKeys(rows[2]?.[0]?.[0]),
  };
}

export async function viewTarget(session: Session, scope: Scope): Promise<TargetView> {
  const rows = await unlessMissing(
    session.run(
      selectState,
      selectCatalogue(true),
      selectForeignKeys,
      sql`SELECT row_to_json(p) FROM understudy.progress AS p`,
      sql`SELECT coalesce(json_agg(json_build_object('relid', relid::bigint, 'tab', tab, 'shape', shape,
        'filenode', filenode::bigint, 'columns', columns)), '[]') FROM understudy.copied`,
      selectLoud(scope.exclude),
    ),
  );
  if (rows === undefined) {
    const catalogue = await readCatalogue(session, false);
    return { state: undefined, catalogue, foreignKeys: [], progress: [], copied: [], loud: false };
  }
  return {
    state: parseState(rows[0]?.[0]?.[0]),
    catalogue: parseCatalogue(rows[1]?.[0]?.[0]),
    foreignKeys: parseForeignKeys(rows[2]?.[0]?.[0]),
    progress: (rows[3] ?? []).flatMap((row) => parseProgress(row[0]) ?? []),
    copied: copiedSchema.parse(JSON.parse(rows[4]?.[0]?.[0] ?? "[]")),
    loud: rows[5]?.[0]?.[0] === "t",
  };
}

/** The carried tables at both ends; those that are at the source alone are left out, {@link drift} names them. */
export function pairsOf(source: Catalogue, target: Catalogue, scope: Scope): readonly Pair[] {
  const there = new Map(target.tables.map((table): [string, Table] => [nameOf(table), table]));
  return carried(source, scope).flatMap((table) => {
    const other = there.get(nameOf(table));
    return other === undefined ? [] : [{ source: table, target: other }];
  });
}

/** What a pair needs before windows may be applied to it. */
export type Need = "copy" | "note" | "nothing";

/**
 * Whether a table has to be copied. A migration that ran at both ends may have given existing rows other values at each
 * (a rewritten table; a new column with a default such as `now()`), and no trigger sees that: then it has.
 */
export function needOf({ source, target }: Pair, copied: Copied | undefined): Need {
  if (copied === undefined || copied.tab !== source.logged?.id) return "copy";
  if (copied.shape === source.shape) return copied.filenode === source.filenode ? "nothing" : "note";
  if (copied.filenode !== source.filenode) return "copy";
  const there = new Map(target.columns.map((column) => [column.name, column.missing]));
  const added = source.columns.filter((column) => !copied.columns.includes(column.number));
  return added.some((column) => column.missing !== (there.get(column.name) ?? null)) ? "copy" : "note";
}
