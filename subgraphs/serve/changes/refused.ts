/** Codes of the contract's `UserErrorCode`. */
export type UserErrorCode =
  'NOT_FOUND' | 'STALE_VERSION' | 'KEY_REUSED' | 'INVALID' | 'NOT_ALLOWED' | 'WRONG_STATE' | 'CLOSED';

/** The reason why a change was refused, as a value of the payload. */
export type UserError = {
  readonly code: UserErrorCode;
  readonly path: readonly string[];
  readonly message: string;
};

/** A refused change. Nothing was written. The message holds no data of a record that the reader may not see. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly errors: readonly UserError[];

  constructor(
    code: UserErrorCode,
    path: readonly string[],
    message: string,
    others: readonly UserError[] = [],
  ) {
    super(message);
    this.errors = [{ code, path, message }, ...others];
  }
}

/** Returns the error of an input that is not as expected. */
export function invalid(name: string, message: string): Refused {
  return new Refused('INVALID', [name], message);
}

/**
 * Returns one error for a record that does not exist and for one that the reader may not change. They must look
 * alike.
 */
export function notFound(): Refused {
  return new Refused('NOT_FOUND', ['id'], 'no such record that you may change');
}
