import type { Db } from 'mongodb';
import { readEntries } from '../../../gateway/audit/store.ts';
import type { StoredEntry } from '../../../gateway/audit/verify.ts';

/** Reads all entries of a deployment from a position on. */
export async function storedEntries(
  db: Db,
  deployment: string,
  fromSeq = 1,
): Promise<readonly StoredEntry[]> {
  const entries: StoredEntry[] = [];
  for await (const entry of readEntries(db, deployment, fromSeq)) entries.push(entry);
  return entries;
}
