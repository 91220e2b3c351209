import { randomUUID } from 'node:crypto';
import type { ReaderAccess } from '../../../schema/policy/decide/policy.ts';
import type { Envelope, StoredRecord } from '../../../schema/record/envelope.ts';
import type { Community } from '../../../schema/record/vocabulary.ts';
import type { Kind } from '../kind.ts';
import type { Content } from '../record/content.ts';
import type { Reading } from './reading.ts';

/** Returns the envelope of a record that a reader creates. The originator is the reader's organisation. */
export function newEnvelope(
  { community, readerAccess }: { readonly community: Community; readonly readerAccess: ReaderAccess },
  kind: Kind,
  content: Content,
  reading: Reading,
): Envelope {
  const { picture, organisation } = readerAccess.reader;
  return {
    localId: randomUUID(),
    version: 1,
    supersedes: null,
    originator: organisation,
    custodian: community,
    provider: organisation,
    sourceUrl: null,
    receivedAt: readerAccess.now,
    ...reading,
    onwardShares: [],
    ...kind.says?.(content),
    grading: null,
    statementKind: null,
    confidence: null,
    personalData: null,
    exercise: picture === 'real' ? null : picture,
    recordState: 'ACTIVE',
    occurredAt: null,
    observedAt: null,
    reportedAt: null,
    modifiedAt: null,
  };
}

/** Returns the envelope of the next version of a record, modified at a time. */
export function nextEnvelope({ envelope }: StoredRecord, now: Date): Envelope {
  const modifiedAt: Envelope['modifiedAt'] = { utc: now, precision: 'MILLISECOND', declaredZone: null };
  return { ...envelope, version: envelope.version + 1, modifiedAt };
}

/** Returns the sort key of a new record. Null if the field is marked: the order of a list would disclose it. */
export function sortedAt(
  { sortBy }: Pick<Kind, 'sortBy'>,
  { portions }: Pick<Envelope, 'portions'>,
  sortAt: Date | null,
): Date | null {
  return portions.some(({ path }) => path === sortBy) ? null : sortAt;
}
