import type { CommunityStore } from '../store.ts';
import { giveBackLease, type Job, type Progress, takeLease } from './lease.ts';

/** What a job is given while it holds its lease: when to stop, and whom to tell how far it is. */
export type Held = { readonly signal: AbortSignal; readonly progress: (progress: Progress) => void };

const renewEveryMs = 2000;

/**
 * Does a job on a store under its lease, which is renewed until it is over and given back. Null where another process
 * holds it. The job is told to stop where the lease is lost, or where it is wanted no more: `over` says why.
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
    const why = isMine ? over() : 'another process does it';
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
    // A renewal that comes behind the end would keep others waiting for nobody.
    await renewal;
    await giveBackLease(store, job, holder).catch(() => undefined);
  }
}
