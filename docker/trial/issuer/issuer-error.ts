/** Reasons why the issuer gave no token. */
export type IssuerErrorCode =
  | 'ISSUER_NOT_RUNNING'
  | 'NOT_THE_ISSUER'
  | 'NO_SECRETS'
  | 'UNKNOWN_READER'
  | 'LOGIN_REFUSED'
  | 'SCOPE_REFUSED'
  | 'REFUSED';

/** Thrown when the trial's issuer gives no token. Its message says what to do. */
export class IssuerError extends Error {
  override readonly name = 'IssuerError';
  readonly code: IssuerErrorCode;

  constructor(code: IssuerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
