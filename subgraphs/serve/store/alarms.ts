import { randomUUID } from 'node:crypto';
import type { ClientSession, Collection } from 'mongodb';
import type { CommunityStore } from './store.ts';
import { formatKey } from './format-key.ts';

/**
 * An alarm: that a record had been open to more than it should have been, as its new marking says, or that a file of
 * another originator claimed its id. It holds ids and keys, never content; who read the record meanwhile is in the
 * trail (`ownReads`).
 */
export type Alarm = {
  readonly _id: string;
  readonly at: Date;
  readonly record: string;
  /** Since when the wider label was there. */
  readonly since: Date;
  /** The keys that the record admits no more. */
  readonly lost: readonly string[];
  /** It lost nothing: a record of another originator came under its id and was rejected, `at` for the last time. */
  readonly isClaimed?: true;
};

/** The alarm for a record whose new labels admit less than the old ones did; null where they admit as much. */
export function alarmOf(
  record: string,
  before: { readonly admits: readonly string[]; readonly since: Date },
  after: readonly string[],
  at: Date,
): Alarm | null {
  const kept = new Set(after.map(formatKey));
  const lost = before.admits.filter((key) => !kept.has(formatKey(key)));
  return lost.length === 0 ? null : { _id: randomUUID(), at, record, since: before.since, lost };
}

/** Writes alarms in the transaction that narrows their records, so that neither is there without the other. */
export async function raiseAlarms(
  store: CommunityStore,
  alarms: readonly Alarm[],
  session: ClientSession,
): Promise<void> {
  if (alarms.length > 0) await alarmsOf(store).insertMany([...alarms], { session });
}

/** Raises the alarm for records whose ids another originator's file claimed: one each, however often it comes again. */
export async function raiseForeign(
  store: CommunityStore,
  records: readonly string[],
  at: Date,
): Promise<void> {
  await alarmsOf(store).bulkWrite(
    [...new Set(records)].map((record) => ({
      updateOne: {
        filter: { _id: `claimed:${record}` },
        update: { $set: { at }, $setOnInsert: { record, since: at, lost: [], isClaimed: true } },
        upsert: true,
      },
    })),
    { ordered: false },
  );
}

/** The newest alarms. */
export async function newestAlarms(store: CommunityStore, limit: number): Promise<readonly Alarm[]> {
  return await alarmsOf(store).find().sort({ at: -1, _id: 1 }).limit(limit).toArray();
}

function alarmsOf(store: CommunityStore): Collection<Alarm> {
  return store.connection.collection<Alarm>('alarms');
}
