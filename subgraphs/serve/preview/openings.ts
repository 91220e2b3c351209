import type { Envelope, StoredRecord } from '../../../schema/record/envelope.ts';
import type { Policy } from '../../../schema/policy/decide/policy.ts';
import type { CommunityStore } from '../store/store.ts';
import { Tally, type Counted } from './tally.ts';
import { formatKey } from '../store/format-key.ts';

/** The records that readers would gain and lose by a change of the policy. */
export type Preview = {
  readonly looked: number;
  readonly gains: readonly Counted[];
  readonly losses: readonly Counted[];
};

/**
 * Compares the readers that every record of the store admits under two policies. Reads envelopes, never content, and
 * writes nothing. Ignores the version that each access key has.
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

/** Describes the readers that a record admits, with the end of the embargo for those that it admits only later. */
export function openings(policy: Policy, envelope: Envelope, kind: string): ReadonlySet<string> {
  const { admits, early } = policy.admittedKeys(envelope, kind);
  if (envelope.embargoUntil === null) return new Set(admits.map(formatKey));
  const until = envelope.embargoUntil.toISOString();
  const isEarly = new Set(early);
  return new Set(
    admits.map((key) => (isEarly.has(key) ? formatKey(key) : `${formatKey(key)} from ${until} on`)),
  );
}
