import { withoutEndedSharing } from '../record/ended-sharing.ts';
import canonicalize from 'canonicalize';
import { BSON } from 'mongodb';
import { createHash } from 'node:crypto';
import type { Envelope, StoredRecord } from '../../../schema/record/envelope.ts';
import { undatedSortAt } from '../record/date-in.ts';
import { communities } from '../../../schema/record/vocabulary.ts';
import type { SchemaVersions } from '../record/schema-versions.ts';
import { toDocument } from '../store/write.ts';
import type { KeyPolicy } from '../store/key-assigner.ts';
import { joinPortions, joinReading, type OfRecord } from '../record/join-reading.ts';
import { combineReading } from '../record/marking.ts';
import type { Defaults, Mapped } from './sources/source.ts';
import { RejectError } from '../record/reject.ts';

/** A mapped record with its envelope, before it has an id. A target compares it with the stored record. */
export type Prepared = {
  readonly mapped: Mapped;
  readonly envelope: Envelope;
  readonly contentHash: string;
  readonly sortAt: Date;
  /** The readings of the records that it belongs to, where those were marked by hand. It is at least as strict. */
  readonly parents?: readonly OfRecord[];
};

/** MongoDB refuses documents over 16 MiB. Access keys and references need the rest. */
const maxDocumentBytes = 15 * 1024 * 1024;
/** BSON takes up to eight times the bytes of JSON, so a shorter JSON text never exceeds the maximum. */
const alwaysSmallEnough = 1024 * 1024;

/**
 * Builds a record's envelope from its own values and the defaults of its source. Throws RejectError: CLASSIFIED for a
 * classified record, and FOREIGN_RECORD if its originator is not the one that the run is for, or an organisation that
 * the importer may not speak for.
 */
export function prepare(mapped: Mapped, defaults: Defaults, mapping: number, receivedAt: Date): Prepared {
  const says = mapped.says ?? {};
  refuseOthers(says.originator, defaults.pinnedOriginator);
  refuseUnspoken(says.originator, defaults);
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
    ...(mapped.revision === undefined ? {} : { revision: mapped.revision }),
    ...(mapped.actorNames === undefined ? {} : { actorNames: mapped.actorNames }),
    ...documentOf(mapped),
  };
  if (envelope.marking.classification !== 'none') throw new RejectError('CLASSIFIED', 'a classified record');
  const contentHash = hashOf(mapped, envelope, mapping);
  return { mapped, envelope, contentHash, sortAt: mapped.sortAt ?? receivedAt };
}

/** Returns the document or list whose newer versions can withdraw the record. */
function documentOf({ document, list }: Mapped): Pick<Envelope, 'document'> {
  if (document?.parts) return { document: document.id };
  return list === undefined ? {} : { document: list };
}

/** Refuses records of other originators in a run with `--originator`. */
function refuseOthers(originator: string | undefined, pinned: string | undefined): void {
  if (originator === undefined || pinned === undefined || originator === pinned) return;
  const message =
    'its originator differs from --originator: import it without that option, or with its own originator';
  throw new RejectError('FOREIGN_RECORD', message);
}

/**
 * Refuses records whose file names an originator that the importer may not speak for. Its members could lower the
 * marking, and the record would be shown as their statement. The default originator of the run is the importer's choice.
 */
function refuseUnspoken(stated: string | undefined, { originator, custodian, speaksFor }: Defaults): void {
  if (stated === undefined || stated === originator || stated === custodian) return;
  const isAllowed = speaksFor?.includes(stated) ?? !communities.some((one) => one === stated);
  if (isAllowed) return;
  throw new RejectError(
    'FOREIGN_RECORD',
    'its originator is an organisation that this import may not speak for: name it with --speaks-for',
  );
}

/** Returns the document to store, with access keys and in the current document version of its kind. */
export function toStored(
  prepared: Prepared,
  feed: string,
  id: string,
  before: Replaced | null,
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
    sortAt: before === null ? prepared.sortAt : undatedSortAt(prepared.sortAt, before, schema.sortBy),
    contentHash: prepared.contentHash,
  };
  return toDocument(kind, record, keyPolicy, schema);
}

/** The parts of a stored record that an import reads before it replaces the record. */
export type Replaced = Pick<StoredRecord, 'sortAt' | 'envelope'> & {
  /** The joint case, and the field that lists are sorted by. */
  readonly content?: Readonly<Record<string, unknown>>;
};

/** Returns the envelope to store. Decisions that were made here about the stored record are kept. */
export function envelopeAfter(
  { envelope, mapped, parents = [] }: Prepared,
  before: Pick<StoredRecord, 'envelope'> | null,
): Envelope {
  const next = before === null ? envelope : { ...envelope, ...keep(before.envelope, envelope, mapped) };
  return withoutEndedSharing(
    { ...next, ...parents.reduce<OfRecord>(joinReading, next) },
    before?.envelope ?? envelope,
    envelope.receivedAt,
  );
}

/**
 * Returns the parts of the envelope that an import does not replace. The source may change the record state (a draft
 * becomes final, an object is revoked), unless the record was closed here. A reading that was set by hand stays whole;
 * otherwise importing the same file again would open the record. A reading that a marking of its parent made stricter is
 * joined, so that the source can make it stricter too.
 */
function keep(before: Envelope, given: Envelope, { says }: Mapped): Partial<Envelope> {
  const { version, supersedes, onwardShares } = before;
  const isOpen =
    before.recordState === 'DRAFT' || before.recordState === 'ACTIVE' || before.withdrawnBySource === true;
  const recordState = isOpen ? (says?.recordState ?? reopened(before)) : before.recordState;
  const linked = before.caseByHand === true ? { caseByHand: true as const } : {};
  const { retractionReason } = before;
  const retracted = recordState === 'RETRACTED' && retractionReason !== undefined ? { retractionReason } : {};
  const kept = { version: version + 1, supersedes, recordState, onwardShares, ...linked, ...retracted };
  const raised = before.raisedByHand === true ? raise(before, given) : {};
  if (before.readingByHand !== true) return { ...kept, ...raised };
  const { marking, audience, purposes, embargoUntil, portions, readingByHand } = before;
  return { ...kept, marking, audience, purposes, embargoUntil, portions, readingByHand };
}

function raise(before: Envelope, given: Envelope): Partial<Envelope> {
  const unreleased = before.portions.map(({ releases: _releases, ...portion }) => portion);
  const portions = joinPortions(given.portions, unreleased);
  return { ...joinReading(given, before), portions, raisedByHand: true };
}

function reopened({ recordState, withdrawnBySource }: Envelope): Envelope['recordState'] {
  return withdrawnBySource === true ? 'ACTIVE' : recordState;
}

/** Hashes content, names and envelope without the time of receipt. An equal hash means that nothing changed. */
function hashOf(mapped: Mapped, envelope: Envelope, mapping: number): string {
  // Stored hashes depend on the member names, including `said`.
  const {
    receivedAt: _receivedAt,
    version: _version,
    revision: _revision,
    document: _document,
    actorNames: _names,
    ...said
  } = envelope;
  const { content, names, belongsTo } = mapped;
  const text = canonicalise({ mapping, content, names, belongsTo, said });
  if (text.length > alwaysSmallEnough && BSON.calculateObjectSize({ content, envelope }) > maxDocumentBytes) {
    throw new RejectError('TOO_LARGE', `expected at most ${maxDocumentBytes} bytes as a stored record`);
  }
  return createHash('sha256').update(text).digest('base64url');
}

/** Canonicalises a value (RFC 8785). Lone surrogates and numbers outside JSON are refused. */
function canonicalise(value: object): string {
  try {
    return canonicalize(value) ?? '';
  } catch {
    throw new RejectError(
      'WRONG_ENCODING',
      'expected Unicode text and JSON numbers, got a lone surrogate or another number',
    );
  }
}
