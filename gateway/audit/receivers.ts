import type { Db } from 'mongodb';
import { HubError } from '../../schema/errors.ts';
import { within } from '../../schema/runtime/within.ts';
import { PartUnavailable } from '../dispatch/part-unavailable.ts';
import { Slots } from '../dispatch/slots.ts';
import type { AccessEntry } from './entry.ts';
import { parseAccess } from './parse-entry.ts';
import { readBackwards } from './store.ts';

/** A record, with the community that keeps it, and the picture. */
export type ReceiversAsked = {
  readonly record: string;
  readonly community: string;
  readonly picture: string;
  /** The organisation that asks. It has at most half of the searches that run at once. */
  readonly by: string;
  /** The time in milliseconds since the epoch at which the request ends. */
  readonly deadline: number;
  /** Aborts when the request has ended. */
  readonly signal: AbortSignal;
};

/**
 * Returns the organisations to which a record was disclosed, by the audit log. Null if the log has too many entries of its
 * community to read all of them in time. Throws OVERLOADED if no search can begin early enough before the deadline, and
 * TRAIL_UNAVAILABLE if the store does not answer.
 */
export type FindReceivers = (asked: ReceiversAsked) => Promise<readonly string[] | null>;

/**
 * The log has no index by record, so all entries of a community are read. One took 27 to 45 microseconds with one record, and
 * 86 to 152 with a hundred. No time that the store keeps for a record is older than its first reading for certain: an import
 * renews `receivedAt`. The search therefore has no lower bound.
 */
const limits = { maxEntries: 100_000, searchMs: 5000, hungMs: 6000, atOnce: 4, waitMs: 3000 } as const;
/** The number of entries that one query reads. */
const chunk = 2000;

/** The maximum of entries and the clock, which tests set. */
type Options = { readonly maxEntries?: number; readonly now?: () => number };

/** Opens the search for the organisations that received a record. */
export function openReceivers(
  db: Db,
  deployment: string,
  { maxEntries = limits.maxEntries, now = Date.now }: Options = {},
): FindReceivers {
  const slots = new Slots(limits.atOnce);
  return async (asked) => {
    await takeSlot(slots, asked, now());
    const until = now() + limits.searchMs;
    const isEnough = (read: number) => read > maxEntries || now() > until;
    try {
      const search = readReceivers(db, deployment, asked, isEnough).finally(() => slots.release(asked.by));
      return await within(limits.hungMs, search);
    } catch (error) {
      throw new HubError('TRAIL_UNAVAILABLE', String(error), { cause: error });
    }
  };
}

/** Waits for a slot as long as a whole search fits in before the deadline. Throws OVERLOADED if none is free until then. */
async function takeSlot(slots: Slots, { by, deadline, signal }: ReceiversAsked, now: number): Promise<void> {
  const spareMs = deadline - now - limits.searchMs;
  if (spareMs < 0) throw new HubError('OVERLOADED', 'too little time is left to search the audit log');
  try {
    await slots.take(by, Math.min(limits.waitMs, spareMs), signal);
  } catch (error) {
    if (error instanceof PartUnavailable) throw new HubError('OVERLOADED', String(error), { cause: error });
    throw error;
  }
}

/** `isEnough` says after how many entries, or at which time, the search ends without a result. */
async function readReceivers(
  db: Db,
  deployment: string,
  asked: ReceiversAsked,
  isEnough: (read: number) => boolean,
): Promise<readonly string[] | null> {
  const { record, community, picture } = asked;
  const found = new Set<string>();
  let before = Number.MAX_SAFE_INTEGER;
  let read = 0;
  for (let last = -1; last < read;) {
    last = read;
    for await (const stored of readBackwards(db, deployment, { community, picture, before, limit: chunk })) {
      read += 1;
      if (isEnough(read)) return null;
      before = stored.seq;
      // Parsing checks the whole entry. Few entries have the record, so most are searched as bytes only.
      const entry = asBuffer(stored.bytes).includes(record) ? parseAccess(stored.bytes) : null;
      if (entry !== null && discloses(entry, asked)) found.add(entry.reader.organisation);
    }
  }
  return [...found].toSorted();
}

/** Returns the same bytes as a buffer, without a copy. */
function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

/**
 * Returns whether an entry discloses the record itself, in the picture that is asked for. A count and the end of a record
 * disclose nothing of it. Values come from the bytes of the entry only, never from its index fields.
 */
function discloses(entry: AccessEntry, { record, community, picture }: ReceiversAsked): boolean {
  if (entry.kind !== 'access' || entry.picture !== picture) return false;
  return entry.disclosed.some(
    (one) => one.community === community && one.id === record && one.count === undefined && one.gone !== true,
  );
}
