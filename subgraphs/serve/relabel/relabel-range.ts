import type { ClientSession, Document } from 'mongodb';
import type { StoredRecord } from '../../../schema/record/envelope.ts';
import { keysOfVersion } from '../../../schema/policy/decide/access-keys.ts';
import type { Policy } from '../../../schema/policy/decide/policy.ts';
import type { CommunityStore } from '../store/store.ts';
import type { Range } from '../store/walk/walk.ts';
import type { Content } from '../record/content.ts';
import type { SchemaVersions } from '../record/schema-versions.ts';
import { linksOf, partyRowsOf, recordsOf, schemaOf } from '../store/collections.ts';
import { deriveFilters, derivedFrom, type FilterFields, isDerived, valueAt } from '../store/derive.ts';
import { relabelRows, rowsRound } from './rewrite-rows.ts';
import { holdKeyState, inTransaction, type KeyState } from '../store/key-state.ts';

/** One walk through all records: the key state that it is based on, and a filter for the records to write. */
export type Step = {
  readonly name: 'adding' | 'removing';
  readonly state: KeyState;
  readonly todo: Document;
};

type Row = Pick<
  StoredRecord<Content>,
  '_id' | 'envelope' | 'content' | 'admits' | 'admitsEarly' | 'policy' | 'filters' | 'terms' | 'derived'
>;
type StoredKeys = Pick<Row, 'admits' | 'admitsEarly' | 'policy'>;
/** The update of records: their keys, and their values of filters where those changed. */
type Change = { readonly keys: StoredKeys; readonly filters: FilterFields | null };

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
  const schema = schemaOf(store, kind);
  const inRange = { $and: [{ _id: { $gt: after, $lte: last } }, todo] };
  if ((await records.findOne(inRange, { projection: { _id: 1 }, hint: { _id: 1 } })) === null) return 0;
  let written = 0;
  const inKeyState = async (work: (session: ClientSession) => Promise<void>) =>
    await inTransaction(store, async (session) => {
      await holdKeyState(store, shard, state, session);
      await work(session);
    });
  await relabelRows(store, kind, inRange, policy, state.serving, inKeyState);
  await inKeyState(async (session) => {
    const rows = await records
      .find(inRange, { session })
      .project<Row>(neededFor(schema))
      .hint({ _id: 1 })
      .toArray();
    written = rows.length;
    if (rows.length === 0) return;
    const groups = groupByChange(rows, (row) => changeOf(row, policy, schema, state.serving));
    const updates = groups.map(([ids, change]) => updateOf({ _id: { $in: ids } }, change));
    await records.bulkWrite(updates, { session });
    const links = groups.map(([ids, { keys }]) =>
      updateOf({ record: { $in: ids } }, { keys, filters: null }),
    );
    await linksOf(store).bulkWrite(links, { session, ordered: false });
    for (const parties of partyRowsOf(store, kind))
      await parties.bulkWrite(links, { session, ordered: false });
  });
  return written;
}

/** Reads only what keys and filters are made of. */
function neededFor(schema: SchemaVersions): Record<string, 1> {
  const names = ['envelope', 'admits', 'admitsEarly', 'policy', 'filters', 'terms', 'derived'];
  const paths = derivedFrom(schema).map((path) => `content.${path}`);
  return Object.fromEntries([...names, ...paths].map((name) => [name, 1]));
}

/** Groups records with the same change, so that one update writes each group. */
function groupByChange(
  rows: readonly Row[],
  changeFor: (row: Row) => Change,
): readonly (readonly [readonly string[], Change])[] {
  const groups = new Map<string, { readonly ids: string[]; readonly change: Change }>();
  for (const row of rows) {
    const change = changeFor(row);
    const name = JSON.stringify(change);
    const group = groups.get(name) ?? { ids: [], change };
    groups.set(name, group);
    group.ids.push(row._id);
  }
  return [...groups.values()].map(({ ids, change }) => [ids, change]);
}

/** Returns a record's new keys and terms: those of the policy, and those that rows are still found by. */
function changeOf(row: Row, policy: Policy, schema: SchemaVersions, serving: number): Change {
  const { admits, early } = policy.admittedKeys(row.envelope, schema.type);
  const served = keysOfVersion(serving);
  const isServed = (key: string) => serving !== policy.source.version && served.test(key);
  const keys = {
    admits: [...row.admits.filter(isServed), ...admits],
    admitsEarly: [...row.admitsEarly.filter(isServed), ...early],
    policy: policy.version,
  };
  return { keys, filters: filtersAfter(row, policy, schema, isServed) };
}

/** Returns the values of filters; null if they stay as they are. A value that the served version hides stays hidden. */
function filtersAfter(
  row: Row,
  policy: Policy,
  schema: SchemaVersions,
  isServed: (key: string) => boolean,
): FilterFields | null {
  // Records without derived values get them when the store is refilled.
  if (!isDerived(row)) return null;
  const stored = row.filters ?? {};
  const kept = (row.terms ?? []).filter(isServed);
  const isHidden = (path: string) => kept.length > 0 && valueAt(stored, path) === undefined;
  const whole = { envelope: row.envelope, content: row.content ?? {} };
  const { filters, terms = [] } = deriveFilters(schema.type, whole, policy, schema, isHidden);
  const after = [...kept, ...terms];
  const isSame = JSON.stringify([stored, row.terms ?? []]) === JSON.stringify([filters, after]);
  return isSame ? null : { filters, ...(after.length > 0 && { terms: after }) };
}

function updateOf<Filter>(filter: Filter, { keys, filters }: Change) {
  const hasNoTerms = filters !== null && filters.terms === undefined;
  const update = {
    $set: { ...keys, ...filters },
    $unset: { [rowsRound]: 1, ...(hasNoTerms && { terms: 1 }) },
  };
  return { updateMany: { filter, update: update as unknown as { $set: StoredKeys } } };
}
