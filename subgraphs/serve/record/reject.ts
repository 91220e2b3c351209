/** Why a record is not taken in: a reason code and a sentence that holds nothing of its content. */
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
  /** Another organisation's: it asserts this id here already, or the import is for one originator alone. */
  | 'FOREIGN_RECORD'
  | 'CLASSIFIED';
