import type { Model } from 'mongoose';
import { HubError } from '../../../schema/errors.ts';
import type { StoredRecord } from '../../../schema/record/envelope.ts';
import { earlyIdIndex, idIndex } from '../store/store.ts';
import { findRows, matching, type PageQuery, range } from './queries.ts';
import { isKey } from './record-loader.ts';

/** The maximum number of ids of a filter. */
const maxIds = 100;

/**
 * Returns the different ids of a filter that can name a record of the type; null without a filter. Throws BAD_USER_INPUT for
 * more than 100.
 */
export function idsOf(given: unknown, type: string): readonly string[] | null {
  if (given === null || given === undefined) return null;
  // The query is passed as trusted, so no id may be an operator object.
  if (!Array.isArray(given) || !given.every(isKey))
    throw new HubError('BAD_USER_INPUT', 'ids: expected a list of ids');
  if (given.length > maxIds)
    throw new HubError('BAD_USER_INPUT', `ids: expected at most ${maxIds}, got ${given.length}`);
  // As in a lookup, another type's id finds nothing. The index of embargoes is for ids that are not empty: no query may
  // compare an empty one, for which a store could choose to read the whole collection.
  return [...new Set<string>(given)].filter((id) => id.startsWith(`${type}:`));
}

/**
 * Finds one page of the records with these ids, on the indexes of lookups. At most 100 records are read, so they are sorted
 * here: no index has their order.
 */
export async function findPageOfIds(
  model: Model<StoredRecord>,
  ids: readonly string[],
  query: PageQuery,
  waitsMs: number,
): Promise<readonly StoredRecord[]> {
  if (ids.length === 0) return [];
  const found = scansOfIds(ids, query).map(
    async ({ filter, hint }) => await findRows(model, { $and: [filter, range(query)] }, { hint }, waitsMs),
  );
  const order = query.direction === 'ASC' ? 1 : -1;
  const { after, limit } = query;
  const places = (await Promise.all(found)).flat().map((record) => ({ record, place: placeOf(record) }));
  const beyond = places.filter(({ place }) => after === null || order * compare(place, placeOf(after)) > 0);
  const sorted = beyond.toSorted((one, other) => order * compare(one.place, other.place));
  return sorted.slice(0, limit).map(({ record }) => record);
}

/** The ids decide the rows, so a value of the filter is compared in the records that the reader may see. */
function scansOfIds(ids: readonly string[], { held, now, equal }: PageQuery) {
  const wanted = (clock: 'open' | 'early') => ({
    _id: { $in: ids },
    ...(equal.length > 0 && { $and: equal.map((one) => matching(one, one[clock])) }),
  });
  return [
    { filter: { admits: { $in: held }, openFrom: { $lte: now }, ...wanted('open') }, hint: idIndex },
    {
      filter: { admitsEarly: { $in: held }, openFrom: { $gt: now }, ...wanted('early') },
      hint: earlyIdIndex,
    },
  ] as const;
}

type Place = readonly [time: number, id: string];

function placeOf(
  record: { readonly sortAt: Date } & ({ readonly _id: string } | { readonly id: string }),
): Place {
  return [record.sortAt.getTime(), '_id' in record ? record._id : record.id];
}

/** MongoDB compares strings by their UTF-8 bytes, and ids are ASCII. */
function compare([time, id]: Place, [otherTime, otherId]: Place): number {
  if (time !== otherTime) return time - otherTime;
  return id === otherId ? 0 : id < otherId ? -1 : 1;
}
