import type { Db } from 'mongodb';
import { HubError } from '../../schema/errors.ts';
import { within } from '../../schema/runtime/within.ts';
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
};

/**
 * Returns the organisations to which a record was disclosed, by the audit log. Null if the log has too many entries of its
 * community to read all of them. Throws TRAIL_UNAVAILABLE if the store does not answer in time.
 */
export type FindReceivers = (asked: ReceiversAsked) => Promise<readonly string[] | null>;

/** The log has no index by record, so all entries of a community are read: at most this many, in this time. */
const limits = { maxEntries: 50_000, ms: 5000, atOnce: 4, waitMs: 3000 } as const;
/** The number of entries that one query reads. */
const chunk = 5000;

/** Opens the search for the organisations that received a record. */
export function openReceivers(
  db: Db,
  deployment: string,
  maxEntries: number = limits.maxEntries,
): FindReceivers {
  const slots = new Slots(limits.atOnce);
  return async (asked) => {
    try {
      await slots.take(asked.by, limits.waitMs, new AbortController().signal);
      const search = readReceivers(db, deployment, asked, maxEntries).finally(() => slots.release(asked.by));
      return await within(limits.ms, search);
    } catch (error) {
      throw new HubError('TRAIL_UNAVAILABLE', String(error), { cause: error });
    }
  };
}

async function readReceivers(
  db: Db,
  deployment: string,
  asked: ReceiversAsked,
  maxEntries: number,
): Promise<readonly string[] | null> {
  const { record, community, picture } = asked;
  const found = new Set<string>();
  let before = Number.MAX_SAFE_INTEGER;
  let read = 0;
  for (let last = -1; last < read;) {
    last = read;
    for await (const stored of readBackwards(db, deployment, { community, picture, before, limit: chunk })) {
      read += 1;
      if (read > maxEntries) return null;
      before = stored.seq;
      // Parsing checks the whole entry. Few entries have the record, so most are searched as bytes only.
      const entry = Buffer.from(stored.bytes).includes(record) ? parseAccess(stored.bytes) : null;
      if (entry !== null && discloses(entry, asked)) found.add(entry.reader.organisation);
    }
  }
  return [...found].toSorted();
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
