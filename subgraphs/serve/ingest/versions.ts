import type { Envelope, StoredRecord } from '../../../schema/record/envelope.ts';
import type { RejectReason } from '../record/reject.ts';
import { compareRevisions, type Revision } from '../record/revision.ts';
import { keyOf, type Of } from './editions.ts';
import type { Prepared } from './prepare.ts';
import { placeOf } from './sources/source.ts';

/** Why a record is refused. */
export type Reason = { readonly reason: RejectReason; readonly message: string };
/** A refused record, by its index in the batch. */
export type Refused = Reason & { readonly at: number };

/** A record of a batch. */
export type Placed = {
  readonly at: number;
  readonly prepared: Prepared;
  /** The record came before in this run, with other content. */
  readonly isAgain: boolean;
};

/** The reason for the second of two records with one id and version. */
export const duplicate: Reason = {
  reason: 'DUPLICATE',
  message: 'a different record with this id came earlier in this import',
};

type Stored = { readonly envelope: Envelope };
type Compared = Pick<StoredRecord, 'contentHash' | 'policy' | 'envelope'>;

/** Returns whether the stored record is a newer version than one of an import. */
export function isOlderThan(before: Stored, { mapped: { revision } }: Prepared): boolean {
  const { revision: kept } = before.envelope;
  return revision !== undefined && kept !== undefined && compareRevisions(kept, revision) > 0;
}

/** Returns whether a record of an import is a newer version than the stored one. */
export function isNewerThan(before: Stored, { mapped: { revision } }: Prepared): boolean {
  return compareRevisions(before.envelope.revision ?? [], revision ?? []) < 0;
}

/** Returns whether a record has the id of another originator's record. It would otherwise replace that record. */
export function isForeign(before: Stored, { envelope }: Prepared): boolean {
  return before.envelope.originator !== envelope.originator;
}

/** The reason for a record whose parent is missing. */
export const orphan: Reason = {
  reason: 'WRONG_SHAPE',
  message: 'it belongs to a record that does not exist',
};

/** The reason for a record with the id of another originator's record. */
export const foreign: Reason = {
  reason: 'FOREIGN_RECORD',
  message:
    "another organisation's record of this feed has this id: import it with that originator, or give it another id",
};

/**
 * Returns whether there is nothing to write: the record is unchanged and has the keys of the newest policy version,
 * or it was erased, which no import undoes.
 */
export function isDone(before: Compared, prepared: Prepared, policy: string): boolean {
  // A new policy never replaces content that was changed by hand. A new mapping, new defaults and a new key of an actor
  // do, even if the source is unchanged, because the hash includes them.
  const hasNewestKeys = before.policy === policy || before.envelope.contentByHand === true;
  const isSame = before.contentHash === prepared.contentHash && hasNewestKeys;
  return isSame || before.envelope.recordState === 'ERASED';
}

/** Returns whether a record was neither withdrawn nor closed. */
export function isOpenState({ recordState }: Envelope): boolean {
  return recordState === 'DRAFT' || recordState === 'ACTIVE';
}

/** Keeps the newest of several versions of a record in one batch. Of two that differ in one version, the first is kept. */
export function newestOf(fresh: readonly Placed[]) {
  const kept = new Map<string, Placed>();
  const refused: Refused[] = [];
  let older = 0;
  for (const placed of fresh) {
    const place = placeOf(placed.prepared.mapped);
    const before = kept.get(place);
    const order =
      before === undefined
        ? 1
        : compareRevisions(placed.prepared.mapped.revision ?? [], before.prepared.mapped.revision ?? []);
    if (order === 0) refused.push({ at: placed.at, ...duplicate });
    else if (before !== undefined) older += 1;
    if (order > 0) kept.set(place, before === undefined ? placed : { ...placed, isAgain: before.isAgain });
  }
  return { kept: [...kept.values()], older, refused };
}

/** Returns the documents of some records, each once and in its newest version. */
export function documentsOf(placed: readonly Placed[]): readonly (Of & { readonly revision: Revision })[] {
  const documents = new Map<string, Of & { readonly revision: Revision }>();
  for (const {
    prepared: { mapped, envelope },
  } of placed) {
    const { document, revision } = mapped;
    if (document === undefined || revision === undefined) continue;
    const one = { originator: envelope.originator, document: document.id, revision };
    const before = documents.get(keyOf(one));
    if (before === undefined || compareRevisions(before.revision, revision) < 0)
      documents.set(keyOf(one), one);
  }
  return [...documents.values()];
}
