import type { ClientSession } from 'mongodb';
import type { Policy } from '../../../schema/policy/decide/policy.ts';
import type { StoredRecord } from '../../../schema/record/envelope.ts';
import type { Content } from '../record/content.ts';
import { schemaOf } from '../store/collections.ts';
import type { CommunityStore } from '../store/store.ts';
import { toWordRows, type WordRow, wordRowsIn } from './rows.ts';

/** Returns the rows of words of a stored record of any document version. A record that cannot be read has none. */
export function wordsOf(
  store: Pick<CommunityStore, 'schemas'>,
  kind: string,
  record: StoredRecord,
  keyPolicy: Pick<Policy, 'searchTerms'>,
): readonly WordRow[] {
  const schema = schemaOf(store, kind);
  const read = schema.search === null ? null : schema.read(record);
  if (schema.search === null || read === null) return [];
  return toWordRows({ ...read, content: (read.content ?? {}) as Content }, kind, schema.search, keyPolicy);
}

/** Replaces the rows of words of these records. */
export async function replaceWords(
  store: CommunityStore,
  records: readonly string[],
  rows: readonly WordRow[],
  session: ClientSession,
): Promise<void> {
  const words = wordRowsIn(store);
  if (records.length > 0) await words.deleteMany({ record: { $in: [...records] } }, { session });
  if (rows.length > 0) await words.insertMany([...rows], { session, ordered: false });
}
