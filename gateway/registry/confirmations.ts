import type { Collection } from 'mongodb';
import { type GrantEntry, keepGrants } from './grants.ts';

/** A confirmation of a proposed release. */
export type Confirmation = {
  /** The operation that confirms. */
  readonly attempt: string;
  /** The id of the release, as its record has it. */
  readonly release: string;
  /** The id of the grant of the release. */
  readonly grant: string;
};

/** The most confirmations of one grant whose results the registry waits for. */
export const maxUnsettled = 20;
/** The time after which a confirmation can have no effect any more, whatever became of the hub that sent it. */
const settledMs = 3_600_000;

const durableWithin = (ms: number) => ({ w: 'majority', journal: true, wtimeoutMS: ms }) as const;

/**
 * Keeps the place of a grant until its end, before the confirmation of its release is sent: the end of a release that the
 * community confirms must not depend on what happens to the hub afterwards. Notes the earlier end of the place, so that
 * `endConfirmation` can put it back. Enters a grant that has lapsed or is missing. Call it only for a release that its record
 * shows as proposed. Returns false if the organisation that would get the grant has too many.
 */
export async function beginConfirmation(
  grants: Collection<GrantEntry>,
  { attempt, release, entry }: Omit<Confirmation, 'grant'> & { readonly entry: GrantEntry },
  now: Date,
  ms: number,
): Promise<boolean> {
  const of = { attempt, release, grant: entry._id };
  if (await isKept(grants, of, now, ms)) return true;
  if (!(await keepGrants(grants, [entry], now, ms))) return false;
  return await isKept(grants, of, now, ms);
}

async function isKept(
  grants: Collection<GrantEntry>,
  { attempt, release, grant: _id }: Confirmation,
  now: Date,
  ms: number,
): Promise<boolean> {
  const waits = { _id, $or: [{ lapsesAt: { $gt: now } }, { waitedUntil: { $exists: true } }] };
  const writeConcern = durableWithin(ms);
  // The record shows the release as proposed, so its confirmations of the past had no effect.
  const isOfPast = {
    $and: [{ $eq: ['$$this.release', { $literal: release }] }, { $lt: ['$$this.at', past(now)] }],
  };
  const others = { $filter: { input: { $ifNull: ['$unsettled', []] }, cond: { $not: [isOfPast] } } };
  const { matchedCount } = await grants.updateOne(
    { ...waits, [`unsettled.${maxUnsettled - 1}`]: { $exists: false } },
    [
      {
        $set: {
          waitedUntil: { $max: ['$lapsesAt', '$waitedUntil'] },
          unsettled: { $concatArrays: [others, [{ $literal: { attempt, release, at: now } }]] },
        },
      },
      { $unset: 'lapsesAt' },
    ],
    { writeConcern },
  );
  if (matchedCount > 0) return true;
  // The registry cannot wait for more results. One of them can be a confirmed release, so the place stays until its end.
  await grants.updateOne(waits, { $unset: waiting }, { writeConcern });
  const kept = { _id, lapsesAt: { $exists: false } };
  return (await grants.findOne(kept, { maxTimeMS: ms, projection: { _id: 1 } })) !== null;
}

/** The fields of a grant that has no confirmed release. */
const waiting = { lapsesAt: '', waitedUntil: '', unsettled: '' } as const;

/**
 * Notes the result of a confirmation. After one that was made, the place stays until the end of the grant. After one that was
 * refused, the place ends as before, unless another confirmation was made or has no result yet.
 */
export async function endConfirmation(
  grants: Collection<GrantEntry>,
  { attempt, grant: _id }: Omit<Confirmation, 'release'>,
  isMade: boolean,
  ms: number,
): Promise<void> {
  const noted = { _id, 'unsettled.attempt': attempt };
  const writeConcern = durableWithin(ms);
  if (isMade) {
    await grants.updateOne(noted, { $unset: waiting }, { writeConcern });
    return;
  }
  await grants.updateOne(noted, { $pull: { unsettled: { attempt } } }, { writeConcern });
  await putBack(grants, _id, ms);
}

/**
 * Removes the confirmations of a release that has no effect. It is withdrawn, or its record shows it as lapsed at `now`: then
 * confirmations of the past were not made, and a later one has a result to come.
 */
export async function forgetConfirmations(
  grants: Collection<GrantEntry>,
  { grant: _id, release }: Omit<Confirmation, 'attempt'>,
  now: Date | null,
  ms: number,
): Promise<void> {
  const ofPast = { release, ...(now !== null && { at: { $lt: past(now) } }) };
  const noted = { _id, 'unsettled.release': release };
  await grants.updateOne(noted, { $pull: { unsettled: ofPast } }, { writeConcern: durableWithin(ms) });
  await putBack(grants, _id, ms);
}

/** Lets the place of a grant end as before, if no confirmation of it was made or waits for its result. */
async function putBack(grants: Collection<GrantEntry>, _id: string, ms: number): Promise<void> {
  await grants.updateOne(
    { _id, unsettled: { $size: 0 }, waitedUntil: { $exists: true } },
    [{ $set: { lapsesAt: '$waitedUntil' } }, { $unset: ['waitedUntil', 'unsettled'] }],
    { writeConcern: durableWithin(ms) },
  );
}

function past(now: Date): Date {
  return new Date(now.getTime() - settledMs);
}
