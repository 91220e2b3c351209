import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { RejectReason } from '../record/reject.ts';

/**
 * A rejected record, or a field that was left out (`FIELD`): its position and the reason. The message of a rejected
 * record has no content, except a tag about its marking.
 */
export type Reject = {
  readonly file: string;
  readonly index: number;
  readonly offset: number;
  /** The line and column of a fault in the file; both count from 1. Only for MALFORMED. */
  readonly line?: number;
  readonly column?: number;
  readonly reason: RejectReason;
  readonly message: string;
  /** Only for classified records: a keyed hash, which shows whether two reports are about one record. */
  readonly hmac?: string;
  readonly at?: string;
  readonly feed?: string;
};

/** A file with one JSON line for each reject. It is created with the first one. */
export type RejectFile = AsyncDisposable & { readonly path: string; write(reject: Reject): Promise<void> };

/**
 * Opens a reject file at the first reject. Writes each line before the import continues, so that a kill loses none. If
 * the disk is full, `write` rejects and leaves no partial line.
 */
export function openRejects(path: string): RejectFile {
  let handle: FileHandle | null = null;
  return {
    path,
    write: async (reject) => {
      if (handle === null) {
        await mkdir(dirname(path), { recursive: true });
        handle = await open(path, 'a', 0o600);
      }
      const { size } = await handle.stat();
      try {
        await handle.appendFile(`${JSON.stringify(reject)}\n`);
      } catch (error) {
        await handle.truncate(size).catch(() => undefined);
        throw error;
      }
    },
    [Symbol.asyncDispose]: async () => await handle?.close(),
  };
}
