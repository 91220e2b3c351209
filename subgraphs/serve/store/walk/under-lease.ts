import type { CommunityStore } from '../store.ts';
import { giveBackLease, type Job, type Progress, takeLease } from './lease.ts';

/** A signal to stop, and the report of progress, of a job that has its lease. */
export type Held = { readonly signal: AbortSignal; readonly progress: (progress: Progress) => void };

const renewEveryMs = 2000;

/**
 * Runs a job under its lease, renews the lease until the job ends, and releases it. Returns null if another process has
 * the lease. Aborts the job if the lease is lost, or if `over` returns a reason to stop.
 */
export async function underLease<Result>(
  store: CommunityStore,
  job: Job,
  holder: string,
  work: (held: Held) => Promise<Result>,
  over: () => string | null = () => null,
): Promise<Result | null> {
  let progress: Progress | null = null;
  if (!(await takeLease(store, job, holder, progress))) return null;
  const given = new AbortController();
  const renew = async (): Promise<void> => {
    const isMine = await takeLease(store, job, holder, progress).catch(() => true);
    const why = isMine ? over() : 'another process has the lease';
    if (why !== null) given.abort(new Error(why));
  };
  let renewal = Promise.resolve();
  const renewing = setInterval(() => {
    renewal = renew();
  }, renewEveryMs);
  try {
    return await work({ signal: given.signal, progress: (now) => (progress = now) });
  } finally {
    clearInterval(renewing);
    // A renewal after the release would block other processes for ten seconds.
    await renewal;
    await giveBackLease(store, job, holder).catch(() => undefined);
  }
}
