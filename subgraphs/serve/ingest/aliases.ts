import type { Collection, Db } from 'mongodb';
import {
  aliasesOf,
  type AliasRow,
  type AliasTable,
  indexAliases,
  isOfPicture,
  rowsOf,
  tableOf,
} from '../../../schema/record/aliases.ts';
import { actorKey, normaliseName } from '../../../schema/record/keys.ts';
import type { Resolve, ResolveChange } from './resolve-again.ts';
import { bearsClassification } from '../record/classification.ts';

/**
 * The result of importing an alias table. `older` and `same` compare it with the version in force; nothing is
 * written.
 */
export type AliasOutcome = { readonly outcome: 'written' | 'same' | 'older'; readonly inForce: number };

/** An alias table in parts, so that its names need not be in memory at once. */
export type AliasParts = {
  readonly table: string;
  readonly version: number;
  readonly parts: AsyncIterable<readonly AliasRow[]>;
};

/** A stored row, with the last table version that had it. */
type KeptRow = AliasRow & { readonly version: number };

/**
 * Writes an alias table to a community's reference data, part by part, for one exercise or for the real world (null).
 * Writes nothing for the version in force or an older one. `settle` resolves stored records again, for each picture with
 * the resolution before and after. The version is written last, so an import that was killed is repeated. Two at once
 * have the same result.
 */
export async function takeAliases(
  db: Db,
  given: AliasParts,
  exercise: string | null,
  settle: (changes: readonly ResolveChange[]) => Promise<void> = async () => await Promise.resolve(),
): Promise<AliasOutcome> {
  const { table, version, parts } = tableOf(given, exercise);
  const versions = versionsOf(db);
  const known = (await versions.findOne({ _id: table }))?.version ?? -1;
  if (known >= version) return { outcome: known === version ? 'same' : 'older', inForce: known };
  const aliases = db.collection<KeptRow>('aliases');
  const before = [...(await keepReplaced(db, table)), await aliases.find().toArray()];
  for await (const rows of parts) await mergeRows(aliases, rowsOf(rows, exercise), version);
  await aliases.deleteMany({ table, version: { $not: { $gte: version } } });
  await settle(changesOf(before, await aliases.find().toArray(), exercise));
  await versions.replaceOne({ _id: table }, { version }, { upsert: true });
  await replacedOf(db).deleteMany({ table });
  return { outcome: 'written', inForce: version };
}

/** The version of a table in force; absent for a new table. `isReplaced` is set while a newer version is written. */
type Version = { readonly _id: string; readonly version?: number; readonly isReplaced?: true };

function versionsOf(db: Db): Collection<Version> {
  return db.collection<Version>('aliasVersions');
}

/** A row of a version of a table. `_id` is the version with the row's id, which is in `row`. */
type ReplacedRow = KeptRow & { readonly row: string };

/**
 * Returns the collection of the rows of the tables that are replaced now: those of the version in force, and those of
 * each newer version whose import was interrupted.
 */
function replacedOf(db: Db): Collection<ReplacedRow> {
  return db.collection<ReplacedRow>('replacedAliases');
}

/**
 * Keeps the stored rows of a table until its new version is in force. Returns all rows as they are with each kept
 * version of the table. Stored records can have keys by the version in force, and by each newer one whose import was
 * interrupted after it had moved some records. The next import needs the rows of all of them to find the names that moved.
 */
async function keepReplaced(db: Db, table: string): Promise<readonly (readonly AliasRow[])[]> {
  const aliases = db.collection<KeptRow>('aliases');
  const replaced = replacedOf(db);
  const isReplaced = (await versionsOf(db).findOne({ _id: table }))?.isReplaced === true;
  if (!isReplaced) await replaced.deleteMany({ table });
  const ofVersion = { row: '$_id', _id: { $concat: [{ $toString: '$version' }, '|', '$_id'] } };
  const copy = [
    { $match: { table } },
    { $addFields: ofVersion },
    { $merge: { into: replaced.collectionName } },
  ];
  await aliases.aggregate(copy).toArray();
  if (!isReplaced)
    await versionsOf(db).updateOne({ _id: table }, { $set: { isReplaced: true } }, { upsert: true });
  const others = await aliases.find({ table: { $ne: table } }).toArray();
  const kept = await replaced.find({ table }).toArray();
  const byVersion = Map.groupBy(kept, ({ version }) => version);
  return [...byVersion.values()].map((rows) => [
    ...others,
    ...rows.map(({ row, ...rest }) => ({ ...rest, _id: row })),
  ]);
}

/** Returns how names are resolved before and after a change: in an exercise, or in the real world and each exercise. */
function changesOf(
  before: readonly (readonly AliasRow[])[],
  after: readonly AliasRow[],
  exercise: string | null,
): readonly ResolveChange[] {
  const exercises = new Set([...before, after].flat().flatMap((row) => row.exercise ?? []));
  const change = (picture: string | null, isOf: ResolveChange['isOf']): ResolveChange => ({
    picture,
    isOf,
    before: before.map((rows) => resolverOf(rows, picture)),
    after: resolverOf(after, picture),
  });
  const ofExercise = (one: string) => change(one, (picture) => picture === one);
  if (exercise !== null) return [ofExercise(exercise)];
  const ofOthers = change(null, (picture) => picture === null || !exercises.has(picture));
  return [ofOthers, ...[...exercises].map(ofExercise)];
}

/** Returns the alias table of a whole file without classified entries; null if the file is not an alias table. */
export function partsOfFile(file: unknown): AliasParts | null {
  const read = readTable(file);
  return read === null ? null : { ...read, parts: inOne(read.rows) };
}

/** Returns the alias table whose entries come in parts; null if the header is not that of an alias table. */
export function partsOfEntries(header: object, entries: AsyncIterable<readonly object[]>): AliasParts | null {
  const read = readTable({ ...header, values: [] });
  if (read === null) return null;
  const readRows = (values: readonly object[]) => readTable({ ...header, values })?.rows ?? [];
  return { ...read, parts: eachOf(entries, readRows) };
}

async function* inOne(rows: readonly AliasRow[]): AsyncGenerator<readonly AliasRow[]> {
  yield rows;
}

async function* eachOf(
  entries: AsyncIterable<readonly object[]>,
  readRows: (entries: readonly object[]) => readonly AliasRow[],
): AsyncGenerator<readonly AliasRow[]> {
  for await (const some of entries) yield readRows(some);
}

/** Merges the rows of a part with stored ones, because a name may be in several parts. */
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

/** Merges two rows of a name: the newer version wins, then an entity's own name, then the keys of both. */
function merge(known: KeptRow | undefined, row: KeptRow): KeptRow {
  if (known === undefined || !(known.version >= row.version)) return row;
  if (known.version > row.version || (known.canonical && !row.canonical)) return known;
  return known.canonical === row.canonical
    ? { ...known, keys: [...new Set([...known.keys, ...row.keys])] }
    : row;
}

/** Reads an alias table; null if it is not valid. The validation message may quote the file, so it is dropped. */
function readTable(file: unknown): AliasTable | null {
  try {
    return aliasesOf(file, bearsClassification);
  } catch {
    return null;
  }
}

/**
 * Returns a function from an actor's name to its key, for the records of one exercise, or of the real world (null). An
 * unknown or ambiguous name becomes its own key, or null.
 */
export async function loadActors(db: Db, exercise: string | null): Promise<Resolve> {
  return resolverOf(await db.collection<AliasRow>('aliases').find().toArray(), exercise);
}

function resolverOf(rows: readonly AliasRow[], picture: string | null): Resolve {
  const byName = indexAliases(rows.filter((row) => isOfPicture(row, picture)));
  return (name) => {
    const keys = byName.get(normaliseName(name) ?? '') ?? [];
    return keys.length === 1 ? (keys[0] ?? null) : actorKey({ name });
  };
}
