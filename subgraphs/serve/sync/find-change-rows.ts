import { type Filter, ObjectId, type WithId } from 'mongodb';
import { batchesOf } from '../../../schema/policy/decide/filter.ts';
import type { ReadContext } from '../read/read-context.ts';
import { changeIndex, type ChangeRow, changeRowsIn, goneIndex } from './change-rows.ts';

/** The place of a row in the order of the changes. */
export type RowPlace = { readonly at: Date; readonly id: string };

/** A part of the changes: after a row if there is one, otherwise from a time on. */
export type Period = {
  readonly after: RowPlace | null;
  readonly from: Date | null;
  readonly to: Date;
  /** Ends of records belong to it after this time. */
  readonly endsFrom: Date;
};

/** Finds the first rows of a period, the oldest first, by the reader's keys. No row of other readers is examined. */
export async function findChangeRows(
  context: ReadContext,
  keys: readonly string[],
  { after, from, to, endsFrom }: Period,
  limit: number,
): Promise<readonly WithId<ChangeRow>[]> {
  if (after === null) {
    const range = { $lte: to, ...(from !== null && { $gte: from }) };
    return await find(context, keys, [changed(range), ...endedIn(endsFrom, to)], limit);
  }
  // Rows of one time are one range of the index, however many there are.
  const tied = { at: after.at, _id: { $gt: new ObjectId(after.id) } };
  const ends = after.at > endsFrom ? [{ ...byEnd, range: tied, sort: byId }] : [];
  const ties = await find(context, keys, [{ ...byChange, range: tied, sort: byId }, ...ends], limit);
  if (ties.length >= limit) return ties;
  const later = [
    changed({ $gt: after.at, $lte: to }),
    ...endedIn(after.at > endsFrom ? after.at : endsFrom, to),
  ];
  return [...ties, ...(await find(context, keys, later, limit - ties.length))];
}

const byChange = { isGone: false, hint: changeIndex } as const;
const byEnd = { isGone: true, hint: goneIndex } as const;
const byTime = { at: 1, _id: 1 } as const;
// With the constant time in the sort, the server sorts in memory instead of merging scans.
const byId = { _id: 1 } as const;

/** One range of the rows on one index. */
type Scan = (typeof byChange | typeof byEnd) & {
  readonly range: Filter<ChangeRow>;
  readonly sort: typeof byTime | typeof byId;
};

function changed(at: Filter<ChangeRow>['at']): Scan {
  return { ...byChange, range: { at } as Filter<ChangeRow>, sort: byTime };
}

/** The ends after a time. None if the period is empty, as in the first page of a first pass. */
function endedIn(after: Date, to: Date): readonly Scan[] {
  return after < to ? [{ ...byEnd, range: { at: { $gt: after, $lte: to } }, sort: byTime }] : [];
}

async function find(
  context: ReadContext,
  keys: readonly string[],
  scans: readonly Scan[],
  limit: number,
): Promise<readonly WithId<ChangeRow>[]> {
  const pages = batchesOf(keys).flatMap((some) =>
    scans.map(
      async ({ isGone, range, hint, sort }) =>
        await changeRowsIn(context.store)
          .find(
            { keys: { $in: [...some] }, isGone, ...range },
            { maxTimeMS: Math.max(1, Math.floor(context.timeLeft())) },
          )
          .hint(hint)
          .sort(sort)
          .limit(limit)
          .toArray(),
    ),
  );
  const rows = new Map((await Promise.all(pages)).flat().map((row) => [row._id.toHexString(), row]));
  return [...rows.values()].toSorted(byPlace).slice(0, limit);
}

/** The rows that are read to find the keys in use. A grant opens few records. */
const maxInUse = 2000;

/** Returns those of the keys that open a record now. All of them if they open too many to look at. */
export async function findKeysInUse(
  context: ReadContext,
  keys: readonly string[],
): Promise<readonly string[]> {
  const found = batchesOf(keys).map(
    async (some) =>
      await changeRowsIn(context.store)
        .find(
          { keys: { $in: [...some] }, isGone: false },
          { maxTimeMS: Math.max(1, Math.floor(context.timeLeft())) },
        )
        .hint(changeIndex)
        .limit(maxInUse)
        .project<Pick<ChangeRow, 'keys'>>({ keys: 1, _id: 0 })
        .toArray(),
  );
  const rows = await Promise.all(found);
  if (rows.some(({ length }) => length === maxInUse)) return keys;
  const inUse = new Set(rows.flat().flatMap((row) => row.keys));
  return keys.filter((key) => inUse.has(key));
}

function byPlace(one: WithId<ChangeRow>, other: WithId<ChangeRow>): number {
  const order = one._id.toHexString() < other._id.toHexString() ? -1 : 1;
  return one.at.getTime() - other.at.getTime() || order;
}
