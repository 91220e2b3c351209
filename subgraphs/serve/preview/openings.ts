import type { Envelope, StoredRecord } from '../../../schema/record/envelope.ts';
import type { Policy } from '../../../schema/policy/decide/policy.ts';
import type { CommunityStore } from '../store/store.ts';
import { Tally, type Counted } from './tally.ts';
import { formatKey } from '../store/format-key.ts';

/** What a change of the policy would do to a community's own records: who gains which, who loses which. */
export type Preview = {
  readonly looked: number;
  readonly gains: readonly Counted[];
  readonly losses: readonly Counted[];
};

/**
 * Compares what every record of the store admits under two policies. Reads envelopes only, never content; writes
 * nothing. Versions are left out of the comparison: what matters is to whom a record opens, not under which number.
 */
export async function previewPolicy(store: CommunityStore, now: Policy, next: Policy): Promise<Preview> {
  const gains = new Tally();
  const losses = new Tally();
  let looked = 0;
  for (const [kind, model] of store.records) {
    const cursor = model.find({}, { envelope: 1 }).lean<Pick<StoredRecord, '_id' | 'envelope'>[]>().cursor();
    for await (const { _id, envelope } of cursor) {
      looked += 1;
      const before = openings(now, envelope, kind);
      const after = openings(next, envelope, kind);
      for (const what of after) if (!before.has(what)) gains.add(`${kind}: ${what}`, _id);
      for (const what of before) if (!after.has(what)) losses.add(`${kind}: ${what}`, _id);
    }
  }
  return { looked, gains: gains.rows(), losses: losses.rows() };
}

/** To whom a record opens, in words; before its embargo ends, said so. */
export function openings(policy: Policy, envelope: Envelope, kind: string): ReadonlySet<string> {
  const { admits, early } = policy.admittedKeys(envelope, kind);
  if (envelope.embargoUntil === null) return new Set(admits.map(formatKey));
  const until = envelope.embargoUntil.toISOString();
  const soon = new Set(early);
  return new Set(admits.map((key) => (soon.has(key) ? formatKey(key) : `${formatKey(key)} from ${until} on`)));
}
