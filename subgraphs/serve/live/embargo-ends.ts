import type { StoredRecord } from '../../../schema/record/envelope.ts';
import type { Policy } from '../../../schema/policy/decide/policy.ts';
import type { Kind } from '../kind.ts';
import { recordsOf } from '../store/collections.ts';
import type { CommunityStore } from '../store/store.ts';
import type { Written } from './written.ts';

const maxTimeMs = 5000;

/**
 * Returns the records whose embargo ended after `from` and not after `to` (milliseconds since the epoch): a change that
 * no write makes. `admittedBefore` has the keys of the last moment of the embargo.
 */
export async function* endedEmbargoes(
  store: CommunityStore,
  kinds: readonly Kind[],
  policy: Pick<Policy, 'subscribeKeys'>,
  { from, to }: { readonly from: number; readonly to: number },
): AsyncGenerator<Written> {
  for (const { type: kind } of kinds) {
    const ending = { $gt: new Date(Math.max(from, 0)), $lte: new Date(to) };
    const ended = recordsOf(store, kind)
      .find({ 'envelope.embargoUntil': ending }, { maxTimeMS: maxTimeMs })
      .project<Pick<StoredRecord, '_id' | 'envelope' | 'openFrom'>>({ envelope: 1, openFrom: 1 });
    for await (const { _id: id, envelope, openFrom: end } of ended) {
      const lastMoment = new Date(end.getTime() - 1);
      const admittedBefore = policy.subscribeKeys(envelope, kind, lastMoment);
      yield { kind, id, isNew: false, envelope, admittedBefore };
    }
  }
}
