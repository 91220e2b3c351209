import type { Db } from 'mongodb';
import { aliasesOf, type AliasRow, rowsOf, tableOf } from '../../schema/record/aliases.ts';

/** The result of importing an alias table. */
export type AliasImport = {
  readonly table: string;
  readonly version: number;
  readonly rows: number;
  readonly written: boolean;
};

/**
 * Imports an alias table into the registry: a MISP galaxy or the ids of a catalogue. Importing the same version again
 * writes nothing. Readers of other pictures than `exercise` never use its names; null stands for the real world. Throws if
 * the file is invalid, or older than the imported version.
 */
export async function importAliases(
  db: Db,
  file: unknown,
  now: Date,
  exercise: string | null = null,
): Promise<AliasImport> {
  const { table, version, rows: read } = tableOf(aliasesOf(file), exercise);
  const rows = rowsOf(read, exercise);
  const versions = db.collection<{ _id: string; version: number; at: Date }>('aliasVersions');
  const known = await versions.findOne({ _id: table });
  if (known !== null && known.version > version) {
    throw new Error(`the alias table ${table} is at version ${known.version}; version ${version} is older`);
  }
  if (known?.version === version) return { table, version, rows: rows.length, written: false };
  const aliases = db.collection<AliasRow>('aliases');
  await aliases.bulkWrite(
    rows.map((row) => ({ replaceOne: { filter: { _id: row._id }, replacement: row, upsert: true } })),
  );
  await aliases.deleteMany({ table, _id: { $nin: rows.map((row) => row._id) } });
  await versions.replaceOne({ _id: table }, { version, at: now }, { upsert: true });
  return { table, version, rows: rows.length, written: true };
}
