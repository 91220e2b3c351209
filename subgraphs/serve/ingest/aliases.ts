import type { Db } from 'mongodb';
import { aliasesOf, type AliasRow, type AliasTable, indexAliases } from '../../../schema/aliases.ts';
import { actorKey, normaliseName } from '../../../schema/keys.ts';
import { bearsClassification } from './classified.ts';

/** What an alias table came to: `older` than the one in force, and left out, or the `same` version again. */
export type AliasOutcome = { readonly outcome: 'written' | 'same' | 'older'; readonly inForce: number };

/**
 * Takes an alias table into a community's reference data; null where the file is none. An older version than the one in force is left out, the
 * same one writes nothing, and no name of an entry that bears a classification is taken. Killed in the middle, it is
 * done again at the next time, since the version is written last.
 */
export async function takeAliases(db: Db, file: unknown): Promise<AliasOutcome | null> {
  const read = readTable(file);
  if (read === null) return null;
  const { table, version, rows } = read;
  const versions = db.collection<{ _id: string; version: number }>('aliasVersions');
  const known = (await versions.findOne({ _id: table }))?.version ?? -1;
  if (known >= version) return { outcome: known === version ? 'same' : 'older', inForce: known };
  const aliases = db.collection<AliasRow>('aliases');
  await aliases.bulkWrite(
    rows.map((row) => ({ replaceOne: { filter: { _id: row._id }, replacement: row, upsert: true } })),
  );
  await aliases.deleteMany({ table, _id: { $nin: rows.map((row) => row._id) } });
  await versions.replaceOne({ _id: table }, { version }, { upsert: true });
  return { outcome: 'written', inForce: version };
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
