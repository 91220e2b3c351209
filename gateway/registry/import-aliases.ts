import type { Db } from 'mongodb';
import { aliasesOf, type AliasRow } from '../../schema/record/aliases.ts';

/** What an import of an alias table did. */
export type AliasImport = {
  readonly table: string;
  readonly version: number;
  readonly rows: number;
  readonly written: boolean;
};

/**
 * Takes an alias table into the registry: a galaxy or the ids of a catalogue. The same version again writes nothing.
 * Throws for a file that is none, and for a version older than the one in force.
 */
export async function importAliases(db: Db, file: unknown, now: Date): Promise<AliasImport> {
  const { table, version, rows } = aliasesOf(file);
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
