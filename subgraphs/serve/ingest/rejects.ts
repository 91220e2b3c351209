import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { RejectReason } from '../record/reject.ts';

/** A record that was not taken in: its place and the reason, and nothing of its content. */
export type Reject = {
  readonly file: string;
  readonly index: number;
  readonly offset: number;
  readonly reason: RejectReason;
  readonly message: string;
  /** Of a classified record only: its keyed hash, so that two reports can be told to be of one record. */
  readonly hmac?: string;
  readonly at?: string;
  readonly feed?: string;
};

/** Where rejects are written, one JSON line each; the file is made with the first. */
export type RejectFile = AsyncDisposable & { readonly path: string; write(reject: Reject): Promise<void> };

/**
 * Opens a reject file lazily. Each line is written before the import goes on, so that a kill loses none. Rejects where
 * the disk is full, with no half line left.
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
