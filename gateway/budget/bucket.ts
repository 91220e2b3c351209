import { type Collection, type Db, type Document, MongoServerError } from 'mongodb';
import { type Budget, rateOf } from './budget.ts';

/** A bucket of the store by its id; one that is not stored is full. */
export type Bucket = { readonly id: string; readonly budget: Budget };

/** Points that a hub holds for itself, to spend without asking. The store counts them as taken. */
export type Lease = { readonly id: string; readonly points: number };

/** What a hub wants of a bucket: at least `need` or nothing, at most `want`; and what it gives back for it. */
export type Wanted = {
  readonly need: number;
  readonly want: number;
  readonly lease: string;
  /** The lease that it held until now, with what is left of it. */
  readonly back: Lease | null;
};

/** What came of it: the points granted, 0 if there were fewer than needed, and how many are left in the store. */
export type Granted = { readonly granted: number; readonly level: number };

export type BucketStore = { lease(bucket: Bucket, wanted: Wanted): Promise<Granted> };

type BucketDocument = Granted & {
  readonly _id: string;
  readonly at: Date;
  readonly leases: readonly (Lease & { readonly until: Date })[];
  /** When it will be full, and its leases over: from then on it says no more than its absence. */
  readonly fullAt: Date;
};

/** How long the store keeps a lease apart: its hub stops spending of it well before. */
export const heldMs = 3000;

/**
 * The buckets in the hub's own store. Whatever is leased, spent, given back or lost, the points that are in a bucket
 * and out on its leases are never more than its budget's points; so no more is spent in any time than these and what
 * refills in that time, by however many hubs. The store's clock alone counts.
 */
export function openBuckets(db: Db): BucketStore {
  // A grant that a failover undoes may be granted twice: that is cheaper than to wait for the journal each time.
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
    // Two hubs began the same bucket at once: the other's is there now.
    if (error instanceof MongoServerError && error.code === 11_000) return await change();
    throw error;
  });
  if (changed === null) throw new Error(`expected the bucket ${id}, got none`);
  return { granted: changed.granted, level: changed.level };
}

/** One atomic step: refill, take back, grant. */
function leaseOf(budget: Budget, { need, want, lease, back }: Wanted): Document[] {
  const perMs = rateOf(budget) / 1000;
  const until = { $add: ['$$NOW', heldMs] };
  const given = { $cond: [{ $in: [back?.id ?? null, '$leases.id'] }, back?.points ?? 0, 0] };
  const elapsed = { $max: [0, { $subtract: ['$$NOW', { $ifNull: ['$at', '$$NOW'] }] }] };
  const refilled = { $add: [{ $ifNull: ['$level', budget.points] }, { $multiply: [perMs, elapsed] }, given] };
  const room = { $max: [0, { $subtract: [budget.points, { $sum: '$others.points' }] }] };
  // Half of what there is stays for the other hubs, unless it is needed.
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
