/** Why the trial has no stores: for a program by its code, for a person by its message. */
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

/** The error of the embedded stores. Its message says what is wrong and what to do. */
export class StoresError extends Error {
  override readonly name = 'StoresError';
  readonly code: StoresErrorCode;

  constructor(code: StoresErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** What the file system says when a folder cannot be used, in words that say what to do; others come back as they are. */
export function explainFileError(error: unknown, folder: string): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new StoresError('DISK_FULL', `the disk of ${folder} is full: make room there and start again`, {
      cause: error,
    });
  }
  if (['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST'].includes(code ?? '')) {
    return new StoresError(
      'HOME_UNWRITABLE',
      `${folder} cannot be written (${code}): make it a folder that you may write, or choose another`,
      { cause: error },
    );
  }
  return error;
}

/** The message of whatever was thrown, on one line. */
export function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).trim().replaceAll(/\s*\n\s*/g, '; ');
}
