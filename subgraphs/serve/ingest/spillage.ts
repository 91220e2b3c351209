import { createHmac } from 'node:crypto';
import type { RejectFile } from './rejects.ts';
import type { Sink } from './target.ts';

/** The position of a classified record. `index` is -1 for content of the file outside its records. */
export type Spilled = {
  readonly file: string;
  readonly index: number;
  readonly offset: number;
  readonly bytes: Buffer;
};

/** The recipients of a spillage report: the community's store, the reject file, and the operator. */
export type Alarm = {
  readonly target: Sink;
  readonly rejects: RejectFile;
  /** Raises the alarm. The message has no content of the record. */
  readonly alarm: (message: string) => void;
};

/**
 * Reports a classified record: stores its position, time, feed and keyed hash, and no content. The hash has a key
 * because a plain hash of a short text could be reversed by guessing. The key stays in the community's store, so the
 * security authority can still find out whether two reports are about one record.
 */
export async function raiseSpillage(
  { target, rejects, alarm }: Alarm,
  feed: string,
  { file, index, offset, bytes }: Spilled,
): Promise<void> {
  const where = index === -1 ? 'outside its records' : `record ${index}, byte ${offset}`;
  alarm(
    `SPILLAGE: classified content arrived by ${feed} (${file}, ${where}). ` +
      'None of it was stored. Inform the local security authority and secure the file.',
  );
  const hmac = createHmac('sha256', await target.spillageKey())
    .update(bytes)
    .digest('hex');
  const at = new Date();
  const spillage = { file, index, offset, feed, hmac };
  await target.recordSpillage({ ...spillage, at });
  const line = { ...spillage, at: at.toISOString() };
  await rejects.write({ ...line, reason: 'CLASSIFIED', message: 'refused; no content was stored' });
}
