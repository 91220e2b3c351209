import type { Collection, Db, Document } from 'mongodb';
import { isDuplicateKey } from '../../schema/runtime/duplicate-key.ts';
import { type Budget, rateOf } from './budget.ts';

/** A bucket in the store. A bucket that is not stored is full. */
export type Bucket = { readonly id: string; readonly budget: Budget };

/** Points that a hub may spend without asking the store, which counts them as taken. */
export type Lease = { readonly id: string; readonly points: number };

/** A lease request: at least `need` points or none, at most `want`, and the previous lease to give back. */
export type Wanted = {
  readonly need: number;
  readonly want: number;
  readonly lease: string;
  /** The previous lease with the points left on it. */
  readonly back: Lease | null;
};

/** The granted points, 0 if there are fewer than needed, and the points left in the store. */
export type Granted = { readonly granted: number; readonly level: number };

/** The store of the buckets, which all hubs of a deployment share. */
export type BucketStore = { lease(bucket: Bucket, wanted: Wanted): Promise<Granted> };

type BucketDocument = Granted & {
  readonly _id: string;
  readonly at: Date;
  readonly leases: readonly (Lease & { readonly until: Date })[];
  /** When the bucket is full and its leases are over. MongoDB deletes the document then (TTL index). */
  readonly fullAt: Date;
};

/** The time for which the store reserves a lease, in milliseconds. Its hub stops using it earlier. */
export const heldMs = 3000;

/**
 * Opens the buckets in the hub's store. The points in a bucket and on its leases together never exceed the budget. In
 * any period, all hubs together can therefore spend at most the budget plus the refill of that period. Only the
 * store's clock is used.
 */
export function openBuckets(db: Db): BucketStore {
  // A failover may undo a grant, which is then granted twice. Waiting for the journal each time would cost more.
  const buckets: Collection<BucketDocument> = db.collection('budgets', { writeConcern: { w: 1 } });
  let indexed: Promise<unknown> | null = null;
  return {
    lease: async (bucket, wanted) => {
      indexed ??= buckets.createIndex({ fullAt: 1 }, { expireAfterSeconds: 0 }).catch(() => (indexed = null));
      await indexed;
      return await update(buckets, bucket, wanted);
    },
  };
}

async function update(
  buckets: Collection<BucketDocument>,
  { id, budget }: Bucket,
  wanted: Wanted,
): Promise<Granted> {
  const change = async () =>
    await buckets.findOneAndUpdate({ _id: id }, leaseOf(budget, wanted), {
      upsert: true,
      returnDocument: 'after',
      projection: { _id: 0, granted: 1, level: 1 },
    });
  const changed = await change().catch(async (error: unknown) => {
    // Another hub inserted the same bucket at the same time: update it.
    if (isDuplicateKey(error)) return await change();
    throw error;
  });
  if (changed === null) throw new Error(`expected the bucket ${id}, got none`);
  return { granted: changed.granted, level: changed.level };
}

/** Returns the update pipeline that refills, takes back and grants in one atomic step. */
function leaseOf(budget: Budget, { need, want, lease, back }: Wanted): Document[] {
  const perMs = rateOf(budget) / 1000;
  const until = { $add: ['$$NOW', heldMs] };
  const given = { $cond: [{ $in: [back?.id ?? null, '$leases.id'] }, back?.points ?? 0, 0] };
  const elapsed = { $max: [0, { $subtract: ['$$NOW', { $ifNull: ['$at', '$$NOW'] }] }] };
  const refilled = { $add: [{ $ifNull: ['$level', budget.points] }, { $multiply: [perMs, elapsed] }, given] };
  const room = { $max: [0, { $subtract: [budget.points, { $sum: '$others.points' }] }] };
  // Leave half of the points to other hubs, unless they are needed.
  const share = { $max: [need, { $min: [want, { $divide: ['$level', 2] }] }] };
  const untilFull = { $divide: [{ $subtract: [budget.points, '$level'] }, perMs] };
  return [
    { $set: { leases: whichOf({ $gt: ['$$one.until', '$$NOW'] }, { $ifNull: ['$leases', []] }) } },
    { $set: { others: whichOf({ $ne: ['$$one.id', back?.id ?? null] }, '$leases') } },
    { $set: { level: { $min: [room, refilled] }, at: '$$NOW' } },
    { $set: { granted: { $cond: [{ $gte: ['$level', need] }, share, 0] } } },
    {
      $set: {
        level: { $subtract: ['$level', '$granted'] },
        leases: {
          $cond: [
            { $gt: ['$granted', 0] },
            { $concatArrays: ['$others', [{ id: lease, points: '$granted', until }]] },
            '$others',
          ],
        },
      },
    },
    { $set: { fullAt: { $add: ['$$NOW', { $max: [heldMs, { $ceil: untilFull }] }] } } },
    { $unset: 'others' },
  ];
}

function whichOf(cond: Document, input: Document | string): Document {
  return { $filter: { input, as: 'one', cond } };
}
