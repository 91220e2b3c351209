import type { Collection, Db } from 'mongodb';
import { aliasesOf, type AliasRow, type AliasTable, indexAliases } from '../../../schema/record/aliases.ts';
import { actorKey, normaliseName } from '../../../schema/record/keys.ts';
import { bearsClassification } from '../record/classification.ts';

/** What an alias table came to: `older` than the one in force, and left out, or the `same` version again. */
export type AliasOutcome = { readonly outcome: 'written' | 'same' | 'older'; readonly inForce: number };

/** What an alias table holds, in parts of any size: its names need not be in memory at once. */
export type AliasParts = {
  readonly table: string;
  readonly version: number;
  readonly parts: AsyncIterable<readonly AliasRow[]>;
};

/** A row as it is kept: with the version that it was last in. */
type KeptRow = AliasRow & { readonly version: number };

/**
 * Takes an alias table into a community's reference data, part by part. An older version than the one in force is left
 * out, and the same one writes nothing. Killed in the middle, it is done again at the next time, since the version is
 * written last; two at once come to the same end.
 */
export async function takeAliases(db: Db, { table, version, parts }: AliasParts): Promise<AliasOutcome> {
  const versions = db.collection<{ _id: string; version: number }>('aliasVersions');
  const known = (await versions.findOne({ _id: table }))?.version ?? -1;
  if (known >= version) return { outcome: known === version ? 'same' : 'older', inForce: known };
  const aliases = db.collection<KeptRow>('aliases');
  for await (const rows of parts) await mergeRows(aliases, rows, version);
  await aliases.deleteMany({ table, version: { $not: { $gte: version } } });
  await versions.replaceOne({ _id: table }, { version }, { upsert: true });
  return { outcome: 'written', inForce: version };
}

/** The alias table of a whole file, without entries that bear a classification; null where the file is none. */
export function partsOfFile(file: unknown): AliasParts | null {
  const read = readTable(file);
  return read === null ? null : { ...read, parts: inOne(read.rows) };
}

/** The alias table whose entries come in parts; null where the header is none of one. */
export function partsOfEntries(header: object, entries: AsyncIterable<readonly object[]>): AliasParts | null {
  const read = readTable({ ...header, values: [] });
  if (read === null) return null;
  const rowsOf = (values: readonly object[]) => readTable({ ...header, values })?.rows ?? [];
  return { ...read, parts: eachOf(entries, rowsOf) };
}

async function* inOne(rows: readonly AliasRow[]): AsyncGenerator<readonly AliasRow[]> {
  yield rows;
}

async function* eachOf(
  entries: AsyncIterable<readonly object[]>,
  rowsOf: (entries: readonly object[]) => readonly AliasRow[],
): AsyncGenerator<readonly AliasRow[]> {
  for await (const some of entries) yield rowsOf(some);
}

/** A name may stand in several parts: what an earlier one said of it is read first. */
async function mergeRows(
  aliases: Collection<KeptRow>,
  rows: readonly AliasRow[],
  version: number,
): Promise<void> {
  if (rows.length === 0) return;
  const before = await aliases.find({ _id: { $in: rows.map((row) => row._id) } }).toArray();
  const known = new Map(before.map((row) => [row._id, row]));
  const merged = rows.map((row) => merge(known.get(row._id), { ...row, version }));
  await aliases.bulkWrite(
    merged.map((row) => ({ replaceOne: { filter: { _id: row._id }, replacement: row, upsert: true } })),
    { ordered: false },
  );
}

/** The newer version wins; of one version an entity's own name, and otherwise all that carry the name. */
function merge(known: KeptRow | undefined, row: KeptRow): KeptRow {
  if (known === undefined || !(known.version >= row.version)) return row;
  if (known.version > row.version || (known.canonical && !row.canonical)) return known;
  return known.canonical === row.canonical
    ? { ...known, keys: [...new Set([...known.keys, ...row.keys])] }
    : row;
}

/** The schema's own message may quote the file. */
function readTable(file: unknown): AliasTable | null {
  try {
    return aliasesOf(file, bearsClassification);
  } catch {
    return null;
  }
}

/** Resolves an actor's name by the alias tables; an unknown or ambiguous one keeps its own key, null where it has none. */
export async function loadActors(db: Db): Promise<(name: string) => string | null> {
  const byName = indexAliases(await db.collection<AliasRow>('aliases').find().toArray());
  return (name) => {
    const keys = byName.get(normaliseName(name) ?? '') ?? [];
    return keys.length === 1 ? (keys[0] ?? null) : actorKey({ name });
  };
}
