/** Why no token came: for a program by its code, for a person by its message. */
export type IssuerErrorCode =
  | 'ISSUER_NOT_RUNNING'
  | 'NOT_THE_ISSUER'
  | 'NO_SECRETS'
  | 'UNKNOWN_READER'
  | 'LOGIN_REFUSED'
  | 'SCOPE_REFUSED'
  | 'REFUSED';

/** The error of whoever asks the trial's issuer for a token. */
export class IssuerError extends Error {
  override readonly name = 'IssuerError';
  readonly code: IssuerErrorCode;

  constructor(code: IssuerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
