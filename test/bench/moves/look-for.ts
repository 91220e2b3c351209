import type { Db } from 'mongodb';
import type { StoredMove, StoredProgress } from '../../../subgraphs/serve/workflow/progress-store.ts';
import type { Notice } from '../../../subgraphs/serve/workflow/notices.ts';
import { addressee, type Holds } from './holds.ts';

/** The faults that are found in the store at the end, by their kind. */
export type Found = {
  /** Acknowledged moves that are not in the history. */
  readonly lost: number;
  /** Keys with more than one move. */
  readonly twice: number;
  /** Threads whose state or version is not that of their history. */
  readonly torn: number;
  /** Moves and ends without a notice to the other side: the record, the side, and what it should know. */
  readonly untold: readonly string[];
  /** Notices that exist more than once. */
  readonly toldTwice: number;
  /** Timers that should have fired. */
  readonly pending: number;
};

const parties = ['europol', addressee];

/** Compares the store of the joint unit with what was acknowledged. */
export async function lookForFaults(db: Db, { acknowledged, lapsing }: Holds, now: Date): Promise<Found> {
  const records = [...new Set(acknowledged.map(({ record }) => record))];
  const byRecord = { record: { $in: records } };
  const moves = await db.collection<StoredMove>('moves').find(byRecord).sort({ recordedAt: 1 }).toArray();
  const threads = await db.collection<StoredProgress>('progress').find(byRecord).toArray();
  const notices = await db.collection<Notice>('notices').find(byRecord).toArray();
  const byKey = Map.groupBy(moves, ({ key }) => key);
  const known = new Set(notices.map(({ record, party, event, name }) => nameOf(record, party, event, name)));
  const owed = [
    ...moves.map(({ record, move, by }) =>
      nameOf(record, by.organisation === 'europol' ? addressee : 'europol', 'move', move),
    ),
    ...[...lapsing.keys()].flatMap((record) =>
      parties.map((party) => nameOf(record, party, 'state', 'lapsed')),
    ),
  ];
  return {
    lost: acknowledged.filter(({ key }) => !byKey.has(key)).length,
    twice: [...byKey.values()].filter((all) => all.length > 1).length,
    torn: threads.filter((thread) => !isWhole(thread, moves)).length,
    untold: owed.filter((one) => !known.has(one)),
    toldTwice: notices.length - known.size,
    pending: await db.collection('timers').countDocuments({ at: { $lte: now } }),
  };
}

function nameOf(...parts: readonly string[]): string {
  return parts.join(' ');
}

/** Whether a thread stands where its history leads. */
function isWhole({ record, version, progress }: StoredProgress, moves: readonly StoredMove[]): boolean {
  const own = moves.filter((move) => move.record === record);
  return own.length === version && own.some(({ to }) => to === progress.state);
}
