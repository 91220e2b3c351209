/**
 * Rejects a record of an import, with a reason code and a message. The message contains nothing of the record, except a
 * tag about its marking.
 */
export class RejectError extends Error {
  override readonly name = 'RejectError';
  readonly reason: RejectReason;
  /** The place of a fault in the text of the record; both count from 1. */
  readonly place: TextPlace | undefined;

  constructor(reason: RejectReason, message: string, place?: TextPlace) {
    super(message);
    this.reason = reason;
    this.place = place;
  }
}

/** A place in a text: line and column count from 1. */
export type TextPlace = { readonly line: number; readonly column: number };

export type RejectReason =
  /** A warning: a field was left out, and the record was imported. */
  | 'FIELD'
  | 'MALFORMED'
  | 'WRONG_SHAPE'
  | 'WRONG_DATE'
  | 'WRONG_MARKING'
  | 'TOO_LONG'
  | 'TOO_DEEP'
  | 'TOO_LARGE'
  | 'WRONG_ENCODING'
  | 'UNSAFE_KEY'
  | 'UNMAPPABLE'
  | 'DUPLICATE'
  /** Another organisation already asserts this id here, or the import is for another originator only. */
  | 'FOREIGN_RECORD'
  | 'CLASSIFIED';
