import { isDuplicateKey } from '../../../../schema/runtime/duplicate-key.ts';
import { within } from '../../../../schema/runtime/within.ts';
import type { CommunityStore } from '../store.ts';

/** What walks through all records of a store, one process at a time: labels are made anew, documents migrated. */
export type Job = 'relabel' | 'migrate';

/** How far a walk is: its step, and how many records it has looked at of how many. */
export type Progress = {
  readonly step: 'adding' | 'removing';
  readonly done: number;
  readonly all: number;
};

/** Who does a job on a store, until when if nothing more is heard, and how far it was then. */
export type Lease = {
  readonly _id: Job;
  readonly holder: string;
  readonly until: Date;
  readonly progress: Progress | null;
};

const lastsMs = 10_000;
const answerMs = 5000;

/** Takes or renews the lease of a job on a store, for ten seconds. False where another process holds it. */
export async function takeLease(
  store: CommunityStore,
  job: Job,
  holder: string,
  progress: Progress | null,
  now = new Date(),
): Promise<boolean> {
  try {
    const free = { _id: job, $or: [{ holder }, { until: { $lt: now } }] };
    const until = new Date(now.getTime() + lastsMs);
    const taken = leases(store).updateOne(free, { $set: { holder, until, progress } }, { upsert: true });
    await within(answerMs, taken);
    return true;
  } catch (error) {
    if (isDuplicateKey(error)) return false;
    throw error;
  }
}

/** Gives the lease back, so that another process need not wait for its end. */
export async function giveBackLease(store: CommunityStore, job: Job, holder: string): Promise<void> {
  await within(answerMs, leases(store).deleteOne({ _id: job, holder }));
}

/** The lease as it is, also one that is over; null where nobody ever did the job. */
export async function readLease(store: CommunityStore, job: Job): Promise<Lease | null> {
  return await within(answerMs, leases(store).findOne({ _id: job }));
}

function leases(store: CommunityStore) {
  return store.connection.collection<Lease>('leases');
}
