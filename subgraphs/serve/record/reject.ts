/** Rejects a record of an import, with a reason code and a message that contains nothing of the record. */
export class RejectError extends Error {
  override readonly name = 'RejectError';
  readonly reason: RejectReason;

  constructor(reason: RejectReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

export type RejectReason =
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
