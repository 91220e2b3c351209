import mongoose, { type Connection, type Model } from 'mongoose';
import type { StoredRecord } from '../../../schema/record/envelope.ts';
import type { StoreFilter } from '../../../schema/policy/decide/filter.ts';
import type { Place } from './cursor.ts';
import { within } from '../../../schema/runtime/within.ts';
import type { CommunityStore } from '../store/store.ts';
import type { Link } from '../store/links.ts';
import { filterIndex, isLongAway, linkIndex, listIndex } from '../store/store.ts';

/** A page of a list: its filter, its order and the place that it follows. */
export type PageQuery = {
  readonly allowed: StoreFilter;
  /** Equality terms by path, checked against the kind's filters. */
  readonly equal: Readonly<Record<string, unknown>>;
  readonly since: Date | null;
  readonly before: Date | null;
  readonly direction: 'ASC' | 'DESC';
  readonly after: Place | null;
  readonly limit: number;
};

/** A request fails if the store does not answer within this time. */
const storeDeadlineMs = 2000;

/** Finds one page of records by keyset pagination. The index merges the reader's keys: no sort, no collection scan. */
export async function findPage(
  model: Model<StoredRecord>,
  query: PageQuery,
): Promise<readonly StoredRecord[]> {
  const path = Object.keys(query.equal)[0];
  const hint = path === undefined ? listIndex : filterIndex(path);
  return await keyset(query, '_id', async (place, sort, limit) => {
    const filter = mongoose.trusted({ $and: [query.allowed, query.equal, place] });
    return await bounded(
      model
        .find(filter as never)
        .sort(sort)
        .hint(hint)
        .limit(limit)
        .maxTimeMS(storeDeadlineMs)
        .lean<StoredRecord[]>(),
    );
  });
}

/** Finds one page of the join rows of a shared key. */
export async function findLinks(
  store: CommunityStore,
  kind: string,
  key: string,
  query: PageQuery,
): Promise<readonly Link[]> {
  return await keyset(query, 'record', async (place, sort, limit) => {
    const filter = mongoose.trusted({ $and: [{ key, kind }, query.allowed, place] });
    return await bounded(
      store.links
        .find(filter as never)
        .sort(sort)
        .hint(linkIndex)
        .limit(limit)
        .maxTimeMS(storeDeadlineMs)
        .lean<Link[]>(),
    );
  });
}

/** Finds the join rows of many keys in one index scan. Null if there are more than `limit`: query each key then. */
export async function findLinksOfMany(
  store: CommunityStore,
  kind: string,
  keys: readonly string[],
  allowed: StoreFilter,
  limit: number,
): Promise<readonly Link[] | null> {
  const filter = mongoose.trusted({ $and: [{ kind, key: { $in: keys } }, allowed] });
  const rows = await bounded(
    store.links
      .find(filter as never)
      .hint(linkIndex)
      .limit(limit + 1)
      .maxTimeMS(storeDeadlineMs)
      .lean<Link[]>(),
  );
  return rows.length > limit ? null : rows;
}

/** Finds records by their ids. Records that the filter does not allow are missing from the result. */
export async function findByIds(
  model: Model<StoredRecord>,
  ids: readonly string[],
  allowed: StoreFilter,
): Promise<readonly StoredRecord[]> {
  const filter = mongoose.trusted({ $and: [{ _id: { $in: ids } }, allowed] });
  return await bounded(
    model
      .find(filter as never)
      .hint({ _id: 1 })
      .maxTimeMS(storeDeadlineMs)
      .lean<StoredRecord[]>(),
  );
}

/** Counts the records of a list on the index, up to `max` + 1. */
export async function countPage(model: Model<StoredRecord>, query: PageQuery, max: number): Promise<number> {
  const path = Object.keys(query.equal)[0];
  const hint = path === undefined ? listIndex : filterIndex(path);
  const filter = mongoose.trusted({ $and: [query.allowed, query.equal, range(query)] });
  return await bounded(
    model.countDocuments(filter as never, { hint, limit: max + 1, maxTimeMS: storeDeadlineMs }),
  );
}

/** Counts the join rows of one key on the index, up to `max` + 1. */
export async function countLinks(
  store: CommunityStore,
  kind: string,
  key: string,
  allowed: StoreFilter,
  max: number,
): Promise<number> {
  const filter = mongoose.trusted({ $and: [{ key, kind }, allowed] });
  const bounds = { hint: linkIndex, limit: max + 1, maxTimeMS: storeDeadlineMs };
  return await bounded(store.links.countDocuments(filter as never, bounds));
}

/**
 * Reads the rows after a place in two queries: those with the same sort key, then those beyond it. Each is one range of
 * the index, however many rows share a sort key.
 */
async function keyset<Row>(
  query: PageQuery,
  id: '_id' | 'record',
  find: (place: object, sort: Sort, limit: number) => Promise<readonly Row[]>,
): Promise<readonly Row[]> {
  const { after, limit } = query;
  const order = query.direction === 'ASC' ? 1 : -1;
  const sort: Sort = { sortAt: order, [id]: order };
  if (after === null) return await find(range(query), sort, limit);
  const beyond = query.direction === 'DESC' ? '$lt' : '$gt';
  // Sort by the id alone: with the constant sort key in the sort, the server sorts in memory instead of merging scans.
  const ties = await find({ sortAt: after.sortAt, [id]: { [beyond]: after.id } }, { [id]: order }, limit);
  if (ties.length >= limit) return ties;
  const rest = await find(
    { $and: [range(query), { sortAt: { [beyond]: after.sortAt } }] },
    sort,
    limit - ties.length,
  );
  return [...ties, ...rest];
}

/**
 * Runs a query with the store's deadline and 200 ms for the network. Fails at once if the store has been unreachable for
 * some time: otherwise every reader would wait for it, and for the other subgraphs' responses with it.
 */
async function bounded<Result>(query: {
  readonly model: { readonly db: Connection };
  exec(): Promise<Result>;
}): Promise<Result> {
  if (isLongAway(query.model.db))
    throw new Error('the store has been unreachable for longer than a request waits');
  return await within(storeDeadlineMs + 200, query.exec());
}

function range(query: PageQuery): object {
  const since = query.since === null ? {} : { $gte: query.since };
  const before = query.before === null ? {} : { $lt: query.before };
  const both = { ...since, ...before };
  return Object.keys(both).length === 0 ? {} : { sortAt: both };
}

type Sort = Readonly<Record<string, 1 | -1>>;
