import type { Collection } from 'mongodb';
import {
  type AgreementStates,
  isAgreementId,
  maxAgreements,
} from '../../schema/protocol/agreement-states.ts';
import type { AskAgreements } from './ask-agreements.ts';
import type { AgreementEntry } from './registry.ts';

type AgreementState = AgreementStates['agreements'][number];
type Agreements = Collection<AgreementEntry>;

/**
 * Reads the state of each agreement that has a record, and writes it into the registry. Rejects if a question was not
 * answered, after the others: one part without an answer must not keep the others from being read.
 */
export async function readAgreements(agreements: Agreements, ask: AskAgreements): Promise<void> {
  const found = agreements.find({ record: { $type: 'string' }, until: { $gt: new Date() } });
  const all = await found.sort({ _id: 1 }).toArray();
  const linked = all.filter(({ record }) => isAgreementId(record));
  for (const entry of all) if (!isAgreementId(entry.record)) await lose(agreements, entry);
  const chunks = chunksOf(linked, maxAgreements).map(async (some) => await readSome(agreements, some, ask));
  const failed = (await Promise.allSettled(chunks)).find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}

async function readSome(
  agreements: Agreements,
  some: readonly AgreementEntry[],
  ask: AskAgreements,
): Promise<void> {
  const answered = await ask(some.flatMap(({ record }) => record ?? []));
  const known = new Map(answered.agreements.map((one) => [one.record, one]));
  for (const entry of some) {
    const now = known.get(entry.record ?? '');
    if (now === undefined) await lose(agreements, entry);
    else await keep(agreements, entry, now);
  }
}

/** Another hub may have read a newer state meanwhile: an older one must not replace it. */
async function keep(
  agreements: Agreements,
  { _id, record = '', ...last }: AgreementEntry,
  { state, version, endsAt: end }: AgreementState,
): Promise<void> {
  const endsAt = end === null ? null : new Date(end);
  const isSame =
    last.state === state && last.version === version && last.endsAt?.getTime() === endsAt?.getTime();
  if (isSame) return;
  const older = { $or: [{ version: { $lte: version } }, { version: { $exists: false } }] };
  await agreements.updateOne({ _id, record, ...older }, { $set: { state, version, endsAt } });
}

/** An agreement that the joint unit does not know gives no right. */
async function lose(agreements: Agreements, { _id, record = '', state }: AgreementEntry): Promise<void> {
  if (state !== 'unknown') await agreements.updateOne({ _id, record }, { $set: { state: 'unknown' } });
}

function chunksOf<Item>(items: readonly Item[], most: number): readonly (readonly Item[])[] {
  const count = Math.ceil(items.length / most);
  return Array.from({ length: count }, (_none, at) => items.slice(at * most, (at + 1) * most));
}
