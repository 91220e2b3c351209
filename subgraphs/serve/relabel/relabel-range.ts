import type { Document } from 'mongodb';
import type { StoredRecord } from '../../../schema/record/envelope.ts';
import { keysOfVersion } from '../../../schema/policy/decide/access-keys.ts';
import type { Policy } from '../../../schema/policy/decide/policy.ts';
import type { CommunityStore } from '../store/store.ts';
import type { Range } from '../store/walk/walk.ts';
import { linksOf, recordsOf } from '../store/collections.ts';
import { holdKeyState, inTransaction, type KeyState } from '../store/key-state.ts';

/** One walk through all records: the key state that it is based on, and a filter for the records to write. */
export type Step = {
  readonly name: 'adding' | 'removing';
  readonly state: KeyState;
  readonly todo: Document;
};

type Row = Pick<StoredRecord, '_id' | 'envelope' | 'admits' | 'admitsEarly' | 'policy'>;
type StoredKeys = Pick<Row, 'admits' | 'admitsEarly' | 'policy'>;

/**
 * Writes new access keys to the records of a range, in one transaction. Records that an import writes meanwhile are
 * read again, never overwritten. Returns how many were written. Throws KeyStateChanged if the key state changed.
 */
export async function writeRange(
  store: CommunityStore,
  policy: Policy,
  kind: string,
  { after, last }: Range,
  { state, todo }: Step,
  shard: number,
): Promise<number> {
  const records = recordsOf(store, kind);
  const inRange = { $and: [{ _id: { $gt: after, $lte: last } }, todo] };
  if ((await records.findOne(inRange, { projection: { _id: 1 }, hint: { _id: 1 } })) === null) return 0;
  let written = 0;
  await inTransaction(store, async (session) => {
    await holdKeyState(store, shard, state, session);
    const rows = await records
      .find(inRange, { session })
      .project<Row>({ envelope: 1, admits: 1, admitsEarly: 1, policy: 1 })
      .hint({ _id: 1 })
      .toArray();
    written = rows.length;
    if (rows.length === 0) return;
    const groups = groupByKeys(rows, kind, policy, state.serving);
    const updates = groups.map(([ids, keys]) => updateOf({ _id: { $in: ids } }, keys));
    await records.bulkWrite(updates, { session });
    const links = groups.map(([ids, keys]) => updateOf({ record: { $in: ids } }, keys));
    await linksOf(store).bulkWrite(links, { session, ordered: false });
  });
  return written;
}

/** Groups records with the same new keys, so that one update writes each group. */
function groupByKeys(
  rows: readonly Row[],
  kind: string,
  policy: Policy,
  serving: number,
): readonly (readonly [readonly string[], StoredKeys])[] {
  const groups = new Map<string, { readonly ids: string[]; readonly keys: StoredKeys }>();
  for (const row of rows) {
    const keys = keysAfter(row, kind, policy, serving);
    const name = JSON.stringify(keys);
    const group = groups.get(name) ?? { ids: [], keys };
    groups.set(name, group);
    group.ids.push(row._id);
  }
  return [...groups.values()].map(({ ids, keys }) => [ids, keys]);
}

/** Returns a record's new keys: those of the policy, and those that rows are still found by. */
function keysAfter(row: Row, kind: string, policy: Policy, serving: number): StoredKeys {
  const { admits, early } = policy.admittedKeys(row.envelope, kind);
  const served = keysOfVersion(serving);
  const isServed = (key: string) => serving !== policy.source.version && served.test(key);
  return {
    admits: [...row.admits.filter(isServed), ...admits],
    admitsEarly: [...row.admitsEarly.filter(isServed), ...early],
    policy: policy.version,
  };
}

function updateOf<Filter>(filter: Filter, keys: StoredKeys) {
  return { updateMany: { filter, update: { $set: keys } } };
}
