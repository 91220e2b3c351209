import canonicalize from 'canonicalize';
import { BSON } from 'mongodb';
import { createHash } from 'node:crypto';
import type { Envelope, StoredRecord } from '../../../schema/record/envelope.ts';
import type { SchemaVersions } from '../record/schema-versions.ts';
import { toDocument } from '../store/write.ts';
import type { KeyPolicy } from '../store/key-assigner.ts';
import { combineReading } from '../record/marking.ts';
import type { Defaults, Mapped } from './sources/source.ts';
import { RejectError } from '../record/reject.ts';

/** A mapped record with its envelope, before it has an id: what a target compares with what it holds. */
export type Prepared = {
  readonly mapped: Mapped;
  readonly envelope: Envelope;
  readonly contentHash: string;
  readonly sortAt: Date;
};

/** MongoDB refuses documents over 16 MiB; labels and references need room beside content and envelope. */
const largestDocument = 15 * 1024 * 1024;
/** BSON takes up to eight times the bytes of JSON (a list of short texts): below this none is too large. */
const surelySmall = 1024 * 1024;

/**
 * Joins what the record says with the defaults of its source into its envelope. Throws CLASSIFIED where a
 * classification is left: this deployment is not accredited; FOREIGN_RECORD where it is not of the originator that
 * the run is for.
 */
export function prepare(mapped: Mapped, defaults: Defaults, mapping: number, receivedAt: Date): Prepared {
  const says = mapped.says ?? {};
  refuseOthers(says.originator, defaults.pinnedOriginator);
  const envelope: Envelope = {
    localId: mapped.localId,
    version: 1,
    supersedes: null,
    originator: says.originator ?? defaults.originator,
    custodian: defaults.custodian,
    provider: says.provider ?? defaults.provider,
    sourceUrl: says.sourceUrl ?? defaults.sourceUrl,
    receivedAt,
    ...combineReading(defaults, says),
    onwardShares: [],
    ...(says.states === undefined ? {} : { states: says.states }),
    ...(says.facts === undefined ? {} : { facts: says.facts }),
    embargoUntil: says.embargoUntil ?? null,
    portions: says.portions ?? [],
    grading: says.grading ?? null,
    statementKind: says.statementKind ?? null,
    confidence: says.confidence ?? null,
    personalData: says.personalData ?? null,
    exercise: defaults.exercise,
    recordState: says.recordState ?? 'ACTIVE',
    occurredAt: says.occurredAt ?? null,
    observedAt: says.observedAt ?? null,
    reportedAt: says.reportedAt ?? null,
    modifiedAt: says.modifiedAt ?? null,
  };
  if (envelope.marking.classification !== 'none') throw new RejectError('CLASSIFIED', 'a classified record');
  const contentHash = hashOf(mapped, envelope, mapping);
  return { mapped, envelope, contentHash, sortAt: mapped.sortAt ?? receivedAt };
}

/** A run that is told whose records it brings takes in nobody else's. */
function refuseOthers(said: string | undefined, pinned: string | undefined): void {
  if (said === undefined || pinned === undefined || said === pinned) return;
  const message =
    'it says another originator than --originator does: import it without that, or with the one it says';
  throw new RejectError('FOREIGN_RECORD', message);
}

/** The stored record of a prepared one, labelled as the store's labels are now, in the current version of its kind. */
export function toStored(
  prepared: Prepared,
  feed: string,
  id: string,
  before: Pick<StoredRecord, 'sortAt' | 'envelope'> | null,
  references: Readonly<Record<string, string>>,
  keyPolicy: KeyPolicy,
  schema: SchemaVersions,
): StoredRecord {
  const next = envelopeAfter(prepared, before);
  const envelope: Envelope = { ...next, portions: schema.portionsToStore(next.portions) };
  const { kind, content } = prepared.mapped;
  const record = {
    _id: id,
    feed,
    envelope,
    content: { ...content, ...references },
    sortAt: before?.sortAt ?? prepared.sortAt,
    contentHash: prepared.contentHash,
  };
  return toDocument(kind, record, keyPolicy, schema);
}

/** The envelope of a prepared record once it is stored: what was decided here since it first came stays. */
export function envelopeAfter(
  { envelope, mapped }: Prepared,
  before: Pick<StoredRecord, 'envelope'> | null,
): Envelope {
  return before === null ? envelope : { ...envelope, ...keep(before.envelope, mapped) };
}

/**
 * What an import does not decide: it follows what was decided here since the record first came. The state alone moves
 * on where the source itself says one (a draft that is final, an object that was revoked), unless it was ended here.
 * A reading that was set by hand stays whole: a file that comes again would open what was closed since.
 */
function keep(before: Envelope, { says }: Mapped): Partial<Envelope> {
  const { version, supersedes, onwardShares } = before;
  const isOpen = before.recordState === 'DRAFT' || before.recordState === 'ACTIVE';
  const recordState = isOpen ? (says?.recordState ?? before.recordState) : before.recordState;
  const linked = before.caseByHand === true ? { caseByHand: true as const } : {};
  const kept = { version: version + 1, supersedes, recordState, onwardShares, ...linked };
  if (before.readingByHand !== true) return kept;
  const { marking, audience, purposes, embargoUntil, portions, readingByHand } = before;
  return { ...kept, marking, audience, purposes, embargoUntil, portions, readingByHand };
}

/** Equal where a second import has nothing to write: content, names and envelope, without when it was received. */
function hashOf(mapped: Mapped, envelope: Envelope, mapping: number): string {
  const { receivedAt: _receivedAt, version: _version, ...said } = envelope;
  const { content, names, belongsTo } = mapped;
  const text = canonicalise({ mapping, content, names, belongsTo, said });
  if (text.length > surelySmall && BSON.calculateObjectSize({ content, envelope }) > largestDocument) {
    throw new RejectError('TOO_LARGE', `a record that is stored in more than ${largestDocument} bytes`);
  }
  return createHash('sha256').update(text).digest('base64url');
}

/** RFC 8785, which refuses what is no Unicode text (a lone surrogate) and no JSON number. */
function canonicalise(value: object): string {
  try {
    return canonicalize(value) ?? '';
  } catch {
    throw new RejectError(
      'WRONG_ENCODING',
      'a text with half a character, or a number that JSON does not have',
    );
  }
}
