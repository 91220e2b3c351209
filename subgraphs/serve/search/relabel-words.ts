import { type ClientSession, type Document, ObjectId } from 'mongodb';
import { keysOfVersion } from '../../../schema/policy/decide/access-keys.ts';
import type { Policy } from '../../../schema/policy/decide/policy.ts';
import type { StoredRecord } from '../../../schema/record/envelope.ts';
import { recordsOf, schemaOf } from '../store/collections.ts';
import type { KeyPolicy } from '../store/key-assigner.ts';
import type { CommunityStore } from '../store/store.ts';
import { type WordRow, wordRowsIn } from './rows.ts';
import { wordsOf } from './write-words.ts';

/** Records whose rows are written in one transaction. Each can have 40,000 words. */
const together = 10;

/** The field of a record that a walk writes with the rows of words, and removes with its own update. */
export const wordsRound = 'wordsRound';

/** Runs `work` in a transaction that commits only if the access keys have the state that the walk is based on. */
export type InKeyState = (work: (session: ClientSession) => Promise<void>) => Promise<void>;

/**
 * Gives the rows of words of these records the access keys of a policy, before the records themselves get them. Rows whose
 * keys the served version holds stay until the step that removes them. Safe to repeat.
 */
export async function relabelWords(
  store: CommunityStore,
  kind: string,
  filter: Document,
  policy: Policy,
  serving: number,
  inKeyState: InKeyState,
): Promise<void> {
  const isSwitched = serving === policy.source.version;
  await rewrite(store, kind, filter, inKeyState, {
    stays: keysOfVersion(serving),
    // After the switch, the rows of this policy are those that stay.
    rowsOf: (record) => (isSwitched ? [] : wordsOf(store, kind, record, policy)),
  });
}

/** Makes the rows of words of these records, whose store was filled by a program without them. Safe to repeat. */
export async function refillWords(
  store: CommunityStore,
  kind: string,
  filter: Document,
  keyPolicy: KeyPolicy,
  inKeyState: InKeyState,
): Promise<void> {
  await rewrite(store, kind, filter, inKeyState, {
    stays: null,
    rowsOf: (record) => wordsOf(store, kind, record, keyPolicy),
  });
}

type Rewriting = {
  /** The keys of the rows that stay; null if none stays. */
  readonly stays: RegExp | null;
  readonly rowsOf: (record: StoredRecord) => readonly WordRow[];
};

/** A record that is written meanwhile gets its rows from that write: each transaction reads the records again. */
async function rewrite(
  store: CommunityStore,
  kind: string,
  filter: Document,
  inKeyState: InKeyState,
  { stays, rowsOf }: Rewriting,
): Promise<void> {
  if (schemaOf(store, kind).search === null) return;
  const records = recordsOf(store, kind);
  const words = wordRowsIn(store);
  const all = await records
    .find(filter, { projection: { _id: 1 } })
    .hint({ _id: 1 })
    .toArray();
  const others = stays === null ? {} : { key: { $not: stays } };
  for (let from = 0; from < all.length; from += together) {
    const ids = all.slice(from, from + together).map(({ _id }) => _id);
    await inKeyState(async (session) => {
      const rows: WordRow[] = [];
      const some = records.find({ $and: [filter, { _id: { $in: ids } }] }, { session }).batchSize(1);
      const found: string[] = [];
      for await (const record of some) {
        found.push(record._id);
        rows.push(...rowsOf(record));
      }
      // A write of one of these records meanwhile must conflict, also if neither has rows: it would leave those of its old content.
      await records.updateMany(
        { _id: { $in: found } },
        { $set: { [wordsRound]: new ObjectId() } as object },
        { session },
      );
      await words.deleteMany({ record: { $in: found }, ...others }, { session });
      if (rows.length > 0) await words.insertMany(rows, { session, ordered: false });
    });
  }
}
