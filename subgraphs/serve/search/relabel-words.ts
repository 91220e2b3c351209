import type { ClientSession, Document } from 'mongodb';
import { keysOfVersion } from '../../../schema/policy/decide/access-keys.ts';
import type { Policy } from '../../../schema/policy/decide/policy.ts';
import { recordsOf, schemaOf } from '../store/collections.ts';
import type { KeyPolicy } from '../store/key-assigner.ts';
import type { CommunityStore } from '../store/store.ts';
import { type WordRow, wordRowsIn } from './rows.ts';
import { wordsOf } from './write-words.ts';

/** Rows that are written by one command. */
const together = 1000;

/**
 * Gives the rows of words of these records the access keys of a policy. Rows whose keys the served version holds stay until
 * the step that removes them.
 */
export async function relabelWords(
  store: CommunityStore,
  kind: string,
  filter: Document,
  policy: Policy,
  serving: number,
  session: ClientSession,
): Promise<void> {
  const isSwitched = serving === policy.source.version;
  const stays = keysOfVersion(serving);
  await rewrite(store, kind, filter, session, {
    stays,
    // After the switch, the rows of this policy are those that stay.
    rowsOf: (record) => (isSwitched ? [] : wordsOf(store, kind, record, policy)),
  });
}

/** Makes the rows of words of these records, whose store was filled by a program without them. */
export async function refillWords(
  store: CommunityStore,
  kind: string,
  filter: Document,
  keyPolicy: KeyPolicy,
  session: ClientSession,
): Promise<void> {
  await rewrite(store, kind, filter, session, {
    stays: null,
    rowsOf: (record) => wordsOf(store, kind, record, keyPolicy),
  });
}

type Rewriting = {
  /** The keys of the rows that stay; null if none stays. */
  readonly stays: RegExp | null;
  readonly rowsOf: (record: Parameters<typeof wordsOf>[2]) => readonly WordRow[];
};

/** Reads one record after another, because the largest have 16 MB. */
async function rewrite(
  store: CommunityStore,
  kind: string,
  filter: Document,
  session: ClientSession,
  { stays, rowsOf }: Rewriting,
): Promise<void> {
  if (schemaOf(store, kind).search === null) return;
  const words = wordRowsIn(store);
  let ids: string[] = [];
  let rows: WordRow[] = [];
  const flush = async (): Promise<void> => {
    if (ids.length === 0) return;
    const others = stays === null ? {} : { key: { $not: stays } };
    await words.deleteMany({ record: { $in: ids }, ...others }, { session });
    if (rows.length > 0) await words.insertMany(rows, { session, ordered: false });
    [ids, rows] = [[], []];
  };
  const all = recordsOf(store, kind).find(filter, { session }).hint({ _id: 1 }).batchSize(20);
  for await (const record of all) {
    ids.push(record._id);
    rows.push(...rowsOf(record));
    if (rows.length >= together) await flush();
  }
  await flush();
}
