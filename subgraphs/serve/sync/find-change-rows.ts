import { type Filter, ObjectId, type WithId } from 'mongodb';
import { maxHeldKeys } from '../../../schema/policy/decide/filter.ts';
import type { ReadContext } from '../read/read-context.ts';
import { changeIndex, type ChangeRow, changeRowsIn, goneIndex } from './change-rows.ts';

/** The place of a row in the order of the changes. */
export type RowPlace = { readonly at: Date; readonly id: string };

/** A part of the changes: after a row if there is one, otherwise from a time on. */
export type Period = {
  readonly after: RowPlace | null;
  readonly from: Date | null;
  readonly to: Date;
  /** The time from which ends of records belong to it. */
  readonly endsFrom: Date;
};

/** Finds the first rows of a period, the oldest first, by the reader's keys. No row of other readers is examined. */
export async function findChangeRows(
  context: ReadContext,
  keys: readonly string[],
  { after, from, to, endsFrom }: Period,
  limit: number,
): Promise<readonly WithId<ChangeRow>[]> {
  const some = { keys, endsFrom };
  if (after === null)
    return await find(context, some, { at: { $lte: to, ...(from !== null && { $gte: from }) } }, 'at', limit);
  // Rows of one time are one range of the index, however many there are.
  const tie = { at: { $gte: after.at, $lte: after.at }, _id: { $gt: new ObjectId(after.id) } };
  const ties = await find(context, some, tie, 'id', limit);
  if (ties.length >= limit) return ties;
  const later = { at: { $gt: after.at, $lte: to } };
  return [...ties, ...(await find(context, some, later, 'at', limit - ties.length))];
}

async function find(
  context: ReadContext,
  { keys, endsFrom }: { readonly keys: readonly string[] } & Pick<Period, 'endsFrom'>,
  range: Filter<ChangeRow>,
  by: 'at' | 'id',
  limit: number,
): Promise<readonly WithId<ChangeRow>[]> {
  const scans = batchesOf(keys).flatMap((some) => {
    const ofKeys = { keys: { $in: [...some] } };
    return [
      { filter: { $and: [{ ...ofKeys, isGone: false }, range] }, hint: changeIndex },
      { filter: { $and: [{ ...ofKeys, isGone: true, at: { $gte: endsFrom } }, range] }, hint: goneIndex },
    ];
  });
  const pages = scans.map(
    async ({ filter, hint }) =>
      await changeRowsIn(context.store)
        .find(filter, { maxTimeMS: Math.max(1, Math.floor(context.timeLeft())) })
        .hint(hint)
        .sort(by === 'at' ? { at: 1, _id: 1 } : { _id: 1 })
        .limit(limit)
        .toArray(),
  );
  const byId = new Map((await Promise.all(pages)).flat().map((row) => [row._id.toHexString(), row]));
  return [...byId.values()].toSorted(byPlace).slice(0, limit);
}

/** Returns those of the keys that some row has. */
export async function findKeysInUse(
  context: ReadContext,
  keys: readonly string[],
): Promise<readonly string[]> {
  const found = await Promise.all(
    keys.map(async (key) => {
      const options = {
        projection: { _id: 1 },
        hint: changeIndex,
        maxTimeMS: Math.ceil(context.timeLeft()),
      } as const;
      const row = await changeRowsIn(context.store).findOne({ keys: key, isGone: false }, options);
      return row === null ? [] : [key];
    }),
  );
  return found.flat();
}

function byPlace(one: WithId<ChangeRow>, other: WithId<ChangeRow>): number {
  const order = one._id.toHexString() < other._id.toHexString() ? -1 : 1;
  return one.at.getTime() - other.at.getTime() || order;
}

/** MongoDB merges the keys of one query in the order of the changes up to a number of them. */
function batchesOf(keys: readonly string[]): readonly (readonly string[])[] {
  const count = Math.ceil(keys.length / maxHeldKeys);
  return Array.from({ length: count }, (_, at) => keys.slice(at * maxHeldKeys, (at + 1) * maxHeldKeys));
}
