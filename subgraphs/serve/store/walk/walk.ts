import { setTimeout as pause } from 'node:timers/promises';
import { modelOf, recordsOf } from '../collections.ts';
import type { CommunityStore } from '../store.ts';
import type { Progress } from './lease.ts';

/** Records of one kind in the order of their ids: those behind `after`, up to and with `last`. */
export type Range = { readonly after: string; readonly last: string; readonly count: number };

/** How a walk goes, whatever it does. */
export type WalkOptions = {
  readonly signal?: AbortSignal;
  readonly progress?: (progress: Progress) => void;
  /** How long to rest after a batch, as a multiple of what the batch took: readers come first. */
  readonly rest?: number;
  /** How many records one batch looks at. */
  readonly batch?: number;
};

const usualBatch = 500;

/**
 * Walks through all records of these kinds by their ids, and gives how many were written. It is never told where it
 * was: what is left to do is told by the records themselves, so that it may be killed at any moment, and begun again.
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

/** The next range of at most so many records behind an id; null where there is no record any more. */
async function nextRange(
  store: CommunityStore,
  kind: string,
  after: string,
  most: number,
): Promise<Range | null> {
  const ids = await recordsOf(store, kind)
    .find({ _id: { $gt: after } })
    .project<{ readonly _id: string }>({ _id: 1 })
    .sort({ _id: 1 })
    .limit(most)
    .toArray();
  const last = ids.at(-1)?._id;
  return last === undefined ? null : { after, last, count: ids.length };
}
