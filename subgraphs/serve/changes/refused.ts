/** Codes of the contract's `UserErrorCode`. */
export type UserErrorCode =
  'NOT_FOUND' | 'STALE_VERSION' | 'KEY_REUSED' | 'INVALID' | 'NOT_ALLOWED' | 'CLOSED';

/** Why a change was not made: told to whoever asked for it, as a value of the payload. */
export type UserError = {
  readonly code: UserErrorCode;
  readonly path: readonly string[];
  readonly message: string;
};

/** A change that is not made; nothing was written. The message holds nothing of a record. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly errors: readonly UserError[];

  constructor(code: UserErrorCode, path: readonly string[], message: string) {
    super(message);
    this.errors = [{ code, path, message }];
  }
}

/** The same words for what is not there and for what is not yours: they must not tell which. */
export function notFound(): Refused {
  return new Refused('NOT_FOUND', ['id'], 'no such record that you may change');
}
