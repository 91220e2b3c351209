import { createHmac } from 'node:crypto';
import type { RejectFile } from './rejects.ts';
import type { Sink } from './target.ts';

/** Where a classified record stood. `index` is -1 for what stands in the file outside of its records. */
export type Spilled = {
  readonly file: string;
  readonly index: number;
  readonly offset: number;
  readonly bytes: Buffer;
};

/** Where a spillage is told: the community's store, the reject file, and whoever must act. */
export type Alarm = {
  readonly target: Sink;
  readonly rejects: RejectFile;
  /** Raises the alarm in words without any content. */
  readonly alarm: (words: string) => void;
};

/**
 * A classified record arrived: its place, time, feed and keyed hash are kept, its content is nowhere. The hash is keyed
 * because a short text could be guessed from a plain one; the key stays in the community's store, so that the
 * security authority can still tell there whether two reports are of one record.
 */
export async function raiseSpillage(
  { target, rejects, alarm }: Alarm,
  feed: string,
  { file, index, offset, bytes }: Spilled,
): Promise<void> {
  const where = index === -1 ? 'outside its records' : `record ${index}, byte ${offset}`;
  alarm(
    `SPILLAGE: classified content arrived by ${feed} (${file}, ${where}). ` +
      'Nothing of it was kept here. Tell the local security authority, and secure the file.',
  );
  const hmac = createHmac('sha256', await target.spillageKey())
    .update(bytes)
    .digest('hex');
  const at = new Date();
  const spillage = { file, index, offset, feed, hmac };
  await target.recordSpillage({ ...spillage, at });
  const line = { ...spillage, at: at.toISOString() };
  await rejects.write({ ...line, reason: 'CLASSIFIED', message: 'refused, nothing kept' });
}
