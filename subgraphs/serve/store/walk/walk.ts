import { setTimeout as pause } from 'node:timers/promises';
import { modelOf, recordsOf } from '../collections.ts';
import type { CommunityStore } from '../store.ts';
import type { Progress } from './lease.ts';

/** Records of one kind with ids above `after`, up to and including `last`. */
export type Range = { readonly after: string; readonly last: string; readonly count: number };

/** Options of every walk. */
export type WalkOptions = {
  readonly signal?: AbortSignal;
  readonly progress?: (progress: Progress) => void;
  /** The pause after each batch, as a multiple of the batch's duration. It leaves the store to readers. */
  readonly rest?: number;
  /** The number of records in one batch. */
  readonly batch?: number;
};

const usualBatch = 500;

/**
 * Visits all records of these kinds in the order of their ids. Returns the number of records that `visit` wrote. A walk stores no
 * position: the records themselves show what is left to do, so a walk can be killed and started again at any time.
 */
export async function walk(
  store: CommunityStore,
  kinds: readonly string[],
  step: Progress['step'],
  options: WalkOptions,
  visit: (kind: string, range: Range) => Promise<number>,
): Promise<number> {
  const counts = kinds.map(async (kind) => await modelOf(store, kind).estimatedDocumentCount());
  const all = (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
  let [done, written] = [0, 0];
  for (const kind of kinds) {
    let after = '';
    for (;;) {
      options.signal?.throwIfAborted();
      const began = performance.now();
      const range = await nextRange(store, kind, after, options.batch ?? usualBatch);
      if (range === null) break;
      written += await visit(kind, range);
      after = range.last;
      done += range.count;
      options.progress?.({ step, done, all });
      await pause((performance.now() - began) * (options.rest ?? 1), undefined, { signal: options.signal });
    }
  }
  return written;
}

/** Returns the next range of at most `max` records above an id; null after the last record. */
async function nextRange(
  store: CommunityStore,
  kind: string,
  after: string,
  max: number,
): Promise<Range | null> {
  const ids = await recordsOf(store, kind)
    .find({ _id: { $gt: after } })
    .project<{ readonly _id: string }>({ _id: 1 })
    .sort({ _id: 1 })
    .limit(max)
    .toArray();
  const last = ids.at(-1)?._id;
  return last === undefined ? null : { after, last, count: ids.length };
}
