import mongoose, { type Connection, type Model } from 'mongoose';
import type { Envelope, StoredRecord } from '../../../schema/record/envelope.ts';
import { batchesOf, maxHeldKeys, type StoreFilter } from '../../../schema/policy/decide/filter.ts';
import type { Place } from './cursor.ts';
import { within } from '../../../schema/runtime/within.ts';
import type { CommunityStore } from '../store/store.ts';
import type { Link } from '../store/links.ts';
import {
  earlyIdIndex,
  earlyIndex,
  filterIndex,
  idIndex,
  type Index,
  isLongAway,
  linkIndex,
  listIndex,
  termIndex,
} from '../store/store.ts';

/** A condition of a list's filter: a record has one of the values. */
export type Equal = {
  /** The path below `filters`. */
  readonly path: string;
  readonly values: readonly (string | number | boolean)[];
  /** Hashes by which this reader finds the values where they are hidden from others (store/derive.ts). */
  readonly open: readonly string[];
  readonly early: readonly string[];
};

/** The order of a page, its window of time, and the place that it follows. */
export type PageOrder = {
  readonly since: Date | null;
  readonly before: Date | null;
  readonly direction: 'ASC' | 'DESC';
  readonly after: Place | null;
  readonly limit: number;
};

/** A page of a list: its filter, its order and the place that it follows. */
export type PageQuery = PageOrder & {
  /** The access keys that the reader holds. */
  readonly held: readonly string[];
  readonly now: Date;
  readonly equal: readonly Equal[];
};

/** How long the hub waits for a response unless it says so, in milliseconds. */
const usualWaitMs = 3000;

/** One range of a page's records in the order of the list, on one index. */
type Scan = { readonly filter: object; readonly hint: Index };

/**
 * Returns the scans whose union is the page. Each one examines only records that the reader may see, or find by the
 * value: those under an embargo and those with a hidden value have separate indexes. No scan compares content.
 */
export function scansOf({ held, now, equal }: Pick<PageQuery, 'held' | 'now' | 'equal'>): readonly Scan[] {
  const isOpen = { openFrom: { $lte: now } };
  const open = { admits: { $in: held }, ...isOpen };
  const early = { admitsEarly: { $in: held }, openFrom: { $gt: now } };
  const [first, ...others] = equal;
  if (first === undefined)
    return [
      { filter: open, hint: listIndex },
      { filter: early, hint: earlyIndex },
    ];
  const rest = others.length === 0 ? {} : { $and: others.map((one) => matching(one, one.open)) };
  const byTerms = batchesOf(first.open).map((terms) => ({
    filter: { terms: { $in: terms }, ...isOpen, ...rest },
    hint: termIndex,
  }));
  const byValues = batchesOf(first.values, Math.floor(maxHeldKeys / Math.max(1, held.length))).map(
    (values) => ({
      filter: { [`filters.${first.path}`]: oneOf(values), ...open, ...rest },
      hint: filterIndex(first.path),
    }),
  );
  return [
    ...byValues,
    ...byTerms,
    { filter: { ...early, $and: equal.map((one) => matching(one, one.early)) }, hint: earlyIndex },
  ];
}

/** Returns whether one scan finds the hidden values of a filter: then no record is met by two scans. */
export function isCountable({ equal }: Pick<PageQuery, 'equal'>): boolean {
  return (equal[0]?.open.length ?? 0) <= maxHeldKeys;
}

/** Matches the records with a value that this reader may find, by the value or by its terms. */
export function matching({ path, values }: Equal, terms: readonly string[]): object {
  return { $or: [{ [`filters.${path}`]: oneOf(values) }, { terms: { $in: terms } }] };
}

function oneOf(values: Equal['values']): unknown {
  return values.length === 1 ? values[0] : { $in: values };
}

/** Finds one page of records by keyset pagination. The indexes merge the reader's keys: no sort, no collection scan. */
export async function findPage(
  model: Model<StoredRecord>,
  query: PageQuery,
  waitsMs: number = usualWaitMs,
): Promise<readonly StoredRecord[]> {
  const scans = scansOf(query);
  if (query.after === null && query.equal.length === 0)
    return await findFirstPage(model, scans, query, waitsMs);
  const found = scans.map(
    async ({ filter, hint }) =>
      await keyset(
        query,
        '_id',
        async (place, sort, limit) =>
          await findRows(model, { $and: [filter, place] }, { sort, hint, limit }, waitsMs),
      ),
  );
  return mergePages(await Promise.all(found), query);
}

/**
 * Finds the first page of a list without a filter by one command, because a round trip costs more than the scan of the
 * records under an embargo. A command has one hint only. The second scan needs none: no other index begins with
 * `admitsEarly`. Of a later page the planner could choose the index of `_id`, so its scans are separate queries.
 */
async function findFirstPage(
  model: Model<StoredRecord>,
  [first, ...others]: readonly Scan[],
  query: PageQuery,
  waitsMs: number,
): Promise<readonly StoredRecord[]> {
  if (first === undefined) return [];
  const order = query.direction === 'ASC' ? 1 : -1;
  const pageOf = ({ filter }: Scan) => [
    { $match: { $and: [filter, range(query)] } },
    { $sort: { sortAt: order, _id: order } },
    { $limit: query.limit },
  ];
  const coll = model.collection.name;
  const unions = others.map((scan) => ({ $unionWith: { coll, pipeline: pageOf(scan) } }));
  const pipeline = [...pageOf(first), ...unions];
  const exec = async () =>
    await model.collection
      .aggregate<StoredRecord>(pipeline, { hint: first.hint, maxTimeMS: serverMs(waitsMs) })
      .toArray();
  const found = await bounded({ model, exec }, waitsMs);
  const [open, early] = [found.filter(isOpenAt(query.now)), found.filter((one) => !isOpenAt(query.now)(one))];
  return mergePages([open, early], query);
}

function isOpenAt(now: Date): (record: Pick<StoredRecord, 'openFrom'>) => boolean {
  return ({ openFrom }) => openFrom <= now;
}

/** Merges the pages of several scans. Two scans of hidden values may meet the same record. */
export function mergePages<Stored extends Pick<StoredRecord, '_id' | 'sortAt'>>(
  pages: readonly (readonly Stored[])[],
  { direction, limit }: PageOrder,
): readonly Stored[] {
  const filled = pages.filter(({ length }) => length > 0);
  if (filled.length <= 1) return filled[0] ?? [];
  const order = direction === 'ASC' ? 1 : -1;
  // MongoDB compares strings by their UTF-8 bytes, and ids are ASCII.
  const byPlace = (one: Stored, other: Stored) =>
    order * (one.sortAt.getTime() - other.sortAt.getTime() || (one._id < other._id ? -1 : 1));
  const byId = new Map(filled.flat().map((record) => [record._id, record]));
  return [...byId.values()].toSorted(byPlace).slice(0, limit);
}

/** Finds one page of the join rows of a shared key. */
export async function findLinks(
  store: CommunityStore,
  kind: string,
  key: string,
  query: PageOrder & { readonly allowed: StoreFilter },
  waitsMs: number = usualWaitMs,
): Promise<readonly Link[]> {
  return await keyset(query, 'record', async (place, sort, limit) => {
    const filter = { $and: [{ key, kind }, query.allowed, place] };
    return await findRows(store.links, filter, { sort, hint: linkIndex, limit }, waitsMs);
  });
}

/** Finds the join rows of many keys in one index scan. Null if there are more than `limit`: query each key then. */
export async function findLinksOfMany(
  store: CommunityStore,
  kind: string,
  keys: readonly string[],
  allowed: StoreFilter,
  limit: number,
  waitsMs: number = usualWaitMs,
): Promise<readonly Link[] | null> {
  const filter = { $and: [{ kind, key: { $in: keys } }, allowed] };
  const rows = await findRows(store.links, filter, { hint: linkIndex, limit: limit + 1 }, waitsMs);
  return rows.length > limit ? null : rows;
}

/**
 * Ids to look up: those of records that are open, and those of records under an embargo. An id whose record is unknown is
 * in both lists. A record that is only in the wrong list is not found.
 */
export type LookedUp = { readonly open: readonly string[]; readonly early: readonly string[] };

/**
 * Finds records by their ids. Records that the reader may not see are missing from the result. The index decides, so a
 * hidden record is not read, however large it is. Only `fields` of the records are returned, if any are named.
 */
export async function findByIds(
  model: Model<StoredRecord>,
  { open, early }: LookedUp,
  { held, now }: Pick<PageQuery, 'held' | 'now'>,
  waitsMs: number = usualWaitMs,
  fields: Readonly<Record<string, 1>> = {},
): Promise<readonly StoredRecord[]> {
  const scans: readonly (readonly [readonly string[], Scan])[] = [
    [open, { filter: { admits: { $in: held }, openFrom: { $lte: now } }, hint: idIndex }],
    [early, { filter: { admitsEarly: { $in: held }, openFrom: { $gt: now } }, hint: earlyIdIndex }],
  ];
  const found = scans
    .filter(([ids]) => ids.length > 0)
    .map(
      async ([ids, { filter, hint }]) =>
        await findRows(model, { _id: { $in: ids }, ...filter }, { hint, projection: fields }, waitsMs),
    );
  return (await Promise.all(found)).flat();
}

/**
 * Runs one query by the driver: mongoose's own casts and copies cost as much as the driver. Every value in the filter was
 * checked by the caller, so no operator of a reader can be in it.
 */
export async function findRows<Stored extends { readonly _id: string }>(
  model: Model<Stored>,
  filter: object,
  options: {
    readonly hint: Index;
    readonly sort?: Sort;
    readonly limit?: number;
    readonly projection?: Readonly<Record<string, 1>>;
  },
  waitsMs: number,
): Promise<readonly Stored[]> {
  const limits = {
    maxTimeMS: serverMs(waitsMs),
    ...(options.limit !== undefined && { batchSize: options.limit }),
  };
  const exec = async () =>
    (await model.collection
      .find(filter as never, { ...options, ...limits } as never)
      .toArray()) as unknown as Stored[];
  return await bounded({ model, exec }, waitsMs);
}

/** Records that were counted, grouped by marking and audience. */
export type CountedGroup = {
  readonly envelope: Pick<Envelope, 'marking' | 'audience'>;
  readonly count: number;
};

/** Counts the records of a list on the index, up to `max` + 1 for each scan. */
export async function countPage(
  model: Model<StoredRecord>,
  query: PageQuery,
  max: number,
  waitsMs: number = usualWaitMs,
): Promise<readonly CountedGroup[]> {
  const counted = scansOf(query).map(
    async ({ filter, hint }) =>
      await countGroups(model, { $and: [filter, range(query)] }, hint, max + 1, waitsMs),
  );
  return (await Promise.all(counted)).flat();
}

/** Counts the join rows of one key on the index, up to `max` + 1, and groups them by the marking of their records. */
export async function countLinks(
  store: CommunityStore,
  kind: string,
  key: string,
  allowed: StoreFilter,
  max: number,
  waitsMs: number = usualWaitMs,
): Promise<readonly CountedGroup[]> {
  const filter = mongoose.trusted({ $and: [{ key, kind }, allowed] });
  const links = await bounded(
    store.links
      .find(filter as never, { record: 1, _id: 0 })
      .hint(linkIndex)
      .limit(max + 1)
      .maxTimeMS(serverMs(waitsMs))
      .lean<Pick<Link, 'record'>[]>(),
    waitsMs,
  );
  const model = store.records.get(kind);
  if (links.length === 0 || model === undefined) return [];
  const ids = links.map(({ record }) => record);
  return await countGroups(model, { _id: { $in: ids } }, { _id: 1 }, ids.length, waitsMs);
}

async function countGroups(
  model: Model<StoredRecord>,
  filter: object,
  hint: Index,
  limit: number,
  waitsMs: number,
): Promise<readonly CountedGroup[]> {
  const group = {
    _id: {
      marking: {
        tlp: '$envelope.marking.tlp',
        pap: '$envelope.marking.pap',
        handlingCodes: '$envelope.marking.handlingCodes',
        extraRestrictions: '$envelope.marking.extraRestrictions',
      },
      audience: { reach: '$envelope.audience.reach', organisations: '$envelope.audience.organisations' },
    },
    count: { $sum: 1 },
  };
  const rows = model
    .aggregate<{ _id: CountedGroup['envelope']; count: number }>([
      { $match: filter },
      { $limit: limit },
      { $group: group },
    ])
    .hint(hint)
    .option({ maxTimeMS: serverMs(waitsMs) });
  const found = await bounded({ model, exec: async () => await rows.exec() }, waitsMs);
  return found.map(({ _id: envelope, count }) => ({ envelope, count }));
}

/**
 * Reads the rows after a place in two queries: those with the same sort key, then those beyond it. Each is one range of
 * the index, however many rows share a sort key.
 */
export async function keyset<Row>(
  query: PageOrder,
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
async function bounded<Result>(
  query: { readonly model: { readonly db: Connection }; exec(): Promise<Result> },
  waitsMs: number,
): Promise<Result> {
  if (isLongAway(query.model.db))
    throw new Error('the store has been unreachable for longer than a request waits');
  return await within(serverMs(waitsMs) + 200, query.exec());
}

/**
 * Returns the time limit of one query in whole milliseconds: two thirds of the time for which the hub waits, so that the
 * other fields of the response still reach it. To MongoDB, 0 is no limit.
 */
function serverMs(waitsMs: number): number {
  return Math.max(1, Math.floor((waitsMs * 2) / 3));
}

/** Matches the records of a window of time. */
export function range(query: Pick<PageOrder, 'since' | 'before'>): object {
  const since = query.since === null ? {} : { $gte: query.since };
  const before = query.before === null ? {} : { $lt: query.before };
  const both = { ...since, ...before };
  return Object.keys(both).length === 0 ? {} : { sortAt: both };
}

type Sort = Readonly<Record<string, 1 | -1>>;
