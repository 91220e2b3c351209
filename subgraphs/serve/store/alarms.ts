import { randomUUID } from 'node:crypto';
import type { ClientSession, Collection } from 'mongodb';
import type { CommunityStore } from './store.ts';
import { formatKey } from './format-key.ts';

/**
 * An alarm about a record: its new marking admits fewer readers than the old one did, or a file of another originator
 * used its id. It has ids and access keys, never content. The audit log says who read the record (`ownReads`).
 */
export type Alarm = {
  readonly _id: string;
  readonly at: Date;
  readonly record: string;
  /** The time since which the record admitted more readers. */
  readonly since: Date;
  /** The access keys that the record no longer admits. */
  readonly lost: readonly string[];
  /** A record of another originator came under this id and was rejected, `at` for the last time. Nothing was lost. */
  readonly isClaimed?: true;
};

/** Returns the alarm for a record whose new access keys admit fewer readers than the old ones; null if they do not. */
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

/** Writes alarms in the transaction that narrows their records, so that both are stored or neither. */
export async function raiseAlarms(
  store: CommunityStore,
  alarms: readonly Alarm[],
  session: ClientSession,
): Promise<void> {
  if (alarms.length > 0) await alarmsOf(store).insertMany([...alarms], { session });
}

/** Raises one alarm for each record whose id a file of another originator used, however often the file comes. */
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

/** Returns the newest alarms. */
export async function newestAlarms(store: CommunityStore, limit: number): Promise<readonly Alarm[]> {
  return await alarmsOf(store).find().sort({ at: -1, _id: 1 }).limit(limit).toArray();
}

function alarmsOf(store: CommunityStore): Collection<Alarm> {
  return store.connection.collection<Alarm>('alarms');
}
