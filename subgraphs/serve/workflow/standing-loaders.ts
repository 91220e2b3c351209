import DataLoader from 'dataloader';
import type { FindCursor, ObjectId } from 'mongodb';
import { HubError } from '../../../schema/errors.ts';
import type { CommunityStore } from '../store/store.ts';
import { movesIn, progressIn, type StoredMove, type StoredProgress } from './progress-store.ts';

/** A move as far as the history shows it. */
export type ShownMove = Pick<
  StoredMove,
  'organisation' | 'part' | 'move' | 'stage' | 'by' | 'happenedAt' | 'recordedAt' | 'late' | 'record'
> & { readonly _id: ObjectId };

const shownMembers = {
  record: 1,
  organisation: 1,
  part: 1,
  move: 1,
  stage: 1,
  by: 1,
  happenedAt: 1,
  recordedAt: 1,
  late: 1,
} as const;

/** Loads the moves of records that a query finds, the oldest first. */
export function historyLoader(
  store: CommunityStore,
  filter: Readonly<Record<string, unknown>>,
): DataLoader<string, readonly ShownMove[]> {
  return new DataLoader(async (records) => {
    const query = { ...filter, record: { $in: [...records] } };
    const cursor = movesIn(store).find(query).project<ShownMove>(shownMembers);
    const found = await atMost(cursor.sort({ recordedAt: 1, _id: 1 }), maxMovesRead);
    return records.map((id) => found.filter(({ record }) => record === id));
  });
}

/** Loads the values of moves, each by the id of the move. */
export function inputLoader(store: CommunityStore): DataLoader<ObjectId, StoredMove['input'], string> {
  const load = async (ids: readonly ObjectId[]): Promise<StoredMove['input'][]> => {
    if (ids.length > maxInputsRead)
      throw new HubError(
        'BAD_USER_INPUT',
        `expected the values of ${maxInputsRead} moves at most: ask for fewer records`,
      );
    const cursor = movesIn(store).find({ _id: { $in: [...ids] } });
    const found = await cursor.project<Pick<StoredMove, 'input'> & { _id: ObjectId }>({ input: 1 }).toArray();
    const inputs = new Map(found.map(({ _id, input }) => [_id.toHexString(), input]));
    return ids.map((id) => inputs.get(id.toHexString()) ?? {});
  };
  return new DataLoader(load, { cacheKeyFn: (id) => id.toHexString() });
}

/** Loads the progress of records and of those threads that a query finds. */
export function progressLoader(
  store: CommunityStore,
  filter: Readonly<Record<string, unknown>>,
): DataLoader<string, readonly StoredProgress[]> {
  return new DataLoader(async (records) => {
    const query = { ...filter, record: { $in: [...records] } };
    const found = await atMost(
      progressIn(store).find(query).sort({ organisation: 1, part: 1 }),
      maxThreadsRead,
    );
    return records.map((id) => found.filter(({ record }) => record === id));
  });
}

/** The most threads of one read: those of ten records. A thread can have some 10 KB of text for each fact. */
const maxThreadsRead = 1100;
/** The most moves of one read, and the most of them with their values. */
const maxMovesRead = 10_000;
const maxInputsRead = 200;

/** Reads all results of a query. Throws BAD_USER_INPUT for more than `most`, without reading the rest. */
async function atMost<Result>(cursor: FindCursor<Result>, most: number): Promise<readonly Result[]> {
  const found = await cursor.limit(most + 1).toArray();
  if (found.length > most)
    throw new HubError('BAD_USER_INPUT', `expected ${most} threads or moves at most: ask for fewer records`);
  return found;
}
