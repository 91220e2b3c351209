import { type ClientSession, type Document, ObjectId } from 'mongodb';
import { keysOfVersion } from '../../../schema/policy/decide/access-keys.ts';
import type { Policy } from '../../../schema/policy/decide/policy.ts';
import { type WordRow, wordRowsIn } from '../search/rows.ts';
import { wordsOf } from '../search/write-words.ts';
import { recordsOf, schemaOf } from '../store/collections.ts';
import type { KeyPolicy } from '../store/key-assigner.ts';
import type { CommunityStore } from '../store/store.ts';
import { type Changed, refillChangeRows, relabelChangeRows } from '../sync/change-rows.ts';

/** Records whose rows are written in one transaction. One can have 40,000 words, and otherwise a few rows of changes. */
const together = { withWords: 10, withoutWords: 200 } as const;

/** The field of a record that a walk writes with the rows of the record, and removes with its own update. */
export const rowsRound = 'rowsRound';

/** Runs `work` in a transaction that commits only if the access keys have the state that the walk is based on. */
export type InKeyState = (work: (session: ClientSession) => Promise<void>) => Promise<void>;

/**
 * Gives the rows of words and changes of these records the access keys of a policy, before the records themselves get them.
 * Rows whose keys the served version holds stay until the step that removes them. Safe to repeat.
 */
export async function relabelRows(
  store: CommunityStore,
  kind: string,
  filter: Document,
  policy: Policy,
  serving: number,
  inKeyState: InKeyState,
): Promise<void> {
  // After the switch, the rows of this policy are those that stay.
  const keyPolicy = serving === policy.source.version ? null : policy;
  await rewrite(store, kind, filter, inKeyState, { stays: serving, keyPolicy });
}

/**
 * Makes the rows of words and changes of these records, which a program without them wrote. Such a program did not note
 * when it changed a record, so all of them count as changed now. Safe to repeat.
 */
export async function refillRows(
  store: CommunityStore,
  kind: string,
  filter: Document,
  keyPolicy: KeyPolicy,
  inKeyState: InKeyState,
): Promise<void> {
  await rewrite(store, kind, filter, inKeyState, { stays: null, keyPolicy });
}

/** The new rows of records. */
export type Rewriting = {
  /** The policy version whose rows stay; null if none stays. */
  readonly stays: number | null;
  /** The policy that gives the new rows their keys; null if there are no new rows. */
  readonly keyPolicy: Pick<KeyPolicy, 'searchTerms' | 'subscribeKeys'> | null;
};

/** A record that is written meanwhile gets its rows from that write: each transaction reads the records again. */
async function rewrite(
  store: CommunityStore,
  kind: string,
  filter: Document,
  inKeyState: InKeyState,
  rewriting: Rewriting,
): Promise<void> {
  const records = recordsOf(store, kind);
  const all = await records
    .find(filter, { projection: { _id: 1 } })
    .hint({ _id: 1 })
    .toArray();
  const hasWords = schemaOf(store, kind).search !== null && rewriting.keyPolicy !== null;
  const most = hasWords ? together.withWords : together.withoutWords;
  for (let from = 0; from < all.length; from += most) {
    const ids = all.slice(from, from + most).map(({ _id }) => _id);
    await inKeyState(async (session) => {
      const { changed, words } = await makeRows(
        store,
        kind,
        { $and: [filter, { _id: { $in: ids } }] },
        rewriting,
        session,
      );
      const found = changed.map(({ id }) => id);
      // A write of one of these records meanwhile must conflict, also if neither has rows: it would leave those of its old content.
      await records.updateMany(
        { _id: { $in: found } },
        { $set: { [rowsRound]: new ObjectId() } as object },
        { session },
      );
      await rewriteWords(store, found, words, rewriting, session);
      const { stays, keyPolicy } = rewriting;
      const now = new Date();
      if (stays !== null) await relabelChangeRows(store, changed, { stays, keyPolicy }, { session, now });
      else if (keyPolicy !== null) await refillChangeRows(store, changed, { session, keyPolicy, now });
    });
  }
}

/** Reads records with their content one by one, since ten can have 160 MB. Returns their rows of words, and what their change rows are made of. */
async function makeRows(
  store: CommunityStore,
  kind: string,
  filter: Document,
  { keyPolicy }: Rewriting,
  session: ClientSession,
): Promise<{ readonly changed: readonly Changed[]; readonly words: readonly WordRow[] }> {
  const changed: Changed[] = [];
  const words: WordRow[] = [];
  const hasWords = schemaOf(store, kind).search !== null && keyPolicy !== null;
  const projection = hasWords ? {} : { projection: { envelope: 1 } };
  const some = recordsOf(store, kind)
    .find(filter, { session, ...projection })
    .batchSize(hasWords ? 1 : together.withoutWords);
  for await (const record of some) {
    changed.push({ id: record._id, kind, envelope: record.envelope });
    if (hasWords) words.push(...wordsOf(store, kind, record, keyPolicy));
  }
  return { changed, words };
}

async function rewriteWords(
  store: CommunityStore,
  records: readonly string[],
  rows: readonly WordRow[],
  { stays }: Rewriting,
  session: ClientSession,
): Promise<void> {
  const words = wordRowsIn(store);
  const others = stays === null ? {} : { key: { $not: keysOfVersion(stays) } };
  await words.deleteMany({ record: { $in: [...records] }, ...others }, { session });
  if (rows.length > 0) await words.insertMany([...rows], { session, ordered: false });
}
