/** Reasons why the embedded stores do not start. */
export type StoresErrorCode =
  | 'PRODUCTION'
  | 'NO_MONGOD'
  | 'CORRUPT_BINARY'
  | 'HOME_IN_USE'
  | 'HOME_UNWRITABLE'
  | 'HOME_OF_ANOTHER'
  | 'DISK_FULL'
  | 'NOT_STARTED'
  | 'NOT_APART';

/** Thrown by the embedded stores. Its message says what is wrong and what to do. */
export class StoresError extends Error {
  override readonly name = 'StoresError';
  readonly code: StoresErrorCode;

  constructor(code: StoresErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Turns a file system error about a folder into a StoresError that says what to do; returns other errors unchanged. */
export function explainFileError(error: unknown, folder: string): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new StoresError('DISK_FULL', `the disk of ${folder} is full: free some space and start again`, {
      cause: error,
    });
  }
  if (['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST'].includes(code ?? '')) {
    return new StoresError(
      'HOME_UNWRITABLE',
      `${folder} is not a writable folder (${code}): change its permissions, or choose another folder`,
      { cause: error },
    );
  }
  return error;
}

/** Returns the message of a thrown value, on one line. */
export function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).trim().replaceAll(/\s*\n\s*/g, '; ');
}
