import { isDuplicateKey } from '../../../../schema/runtime/duplicate-key.ts';
import { within } from '../../../../schema/runtime/within.ts';
import type { CommunityStore } from '../store.ts';

/** A job that walks through all records of a store, in one process at a time. */
export type Job = 'relabel' | 'migrate';

/** The progress of a walk: its step, and how many of all records it has visited. */
export type Progress = {
  readonly step: 'adding' | 'removing';
  readonly done: number;
  readonly all: number;
};

/** The lease of a job: the process that has it, when it expires, and the progress at its last renewal. */
export type Lease = {
  readonly _id: Job;
  readonly holder: string;
  readonly until: Date;
  readonly progress: Progress | null;
};

const lastsMs = 10_000;
const answerMs = 5000;

/** Takes or renews the lease of a job for ten seconds. Returns false if another process has it. */
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

/** Releases the lease, so that another process need not wait until it expires. */
export async function giveBackLease(store: CommunityStore, job: Job, holder: string): Promise<void> {
  await within(answerMs, leases(store).deleteOne({ _id: job, holder }));
}

/** Returns the lease, even an expired one; null if the job never ran or the lease was released. */
export async function readLease(store: CommunityStore, job: Job): Promise<Lease | null> {
  return await within(answerMs, leases(store).findOne({ _id: job }));
}

function leases(store: CommunityStore) {
  return store.connection.collection<Lease>('leases');
}
