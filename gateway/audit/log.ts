import type { Db } from 'mongodb';
import { HubError } from '../../schema/errors.ts';
import { within } from '../../schema/runtime/within.ts';
import type { AccessEntry } from './entry.ts';
import { type PersonalReader, type SaltedPart, verifyPersonal } from './personal.ts';
import { findEntries, findPlace, readBackwards, readPersonal } from './store.ts';
import { parseAccess } from './parse-entry.ts';

/** An audit entry with its personal part about the reader: null if it was erased. */
export type LoggedAccess = { readonly entry: AccessEntry; readonly reader: PersonalReader | null };

/** A page of the log to read: entries of one picture, optionally of one community. */
export type PageAsked = {
  readonly first: number;
  /** The cursor of the previous page: the id of an entry, which is random. */
  readonly after: string | null;
  readonly picture: string;
  readonly community?: string;
};

/** A page of the log, newest entry first. `next` is the cursor of the next page; null if there is none. */
export type LogPage = { readonly entries: readonly AccessEntry[]; readonly next: string | null };

/**
 * The audit log for readers: one picture at a time. Values come from the entries' bytes only, never from index fields.
 * Every method throws TRAIL_UNAVAILABLE if the store does not answer.
 */
export type AccessLog = {
  /** Returns the access of a request with its reader; null if the log has none in that picture. */
  find(correlationId: string, picture: string): Promise<LoggedAccess | null>;
  /** Returns a page. Throws BAD_CURSOR if the cursor is not the id of an entry. */
  page(asked: PageAsked): Promise<LogPage>;
};

const deadlineMs = 1500;
/** For this long after an entry, missing parts count as not written yet. */
const settlingMs = 60_000;
/** A page ends after the entry that exceeds this size in bytes. */
const maxBytes = 16_000_000;
/** The form of correlation ids and entry ids. Other values are not looked up. */
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Opens the log of a deployment for reading. */
export function openAccessLog(db: Db, deployment: string): AccessLog {
  return {
    find: async (correlationId, picture) =>
      uuid.test(correlationId)
        ? await orUnavailable(findAccess(db, deployment, correlationId, picture))
        : null,
    page: async (asked) => await orUnavailable(readPage(db, deployment, asked)),
  };
}

function isAccess({ kind }: AccessEntry): boolean {
  return kind === 'access';
}

async function findAccess(
  db: Db,
  deployment: string,
  correlationId: string,
  picture: string,
): Promise<LoggedAccess | null> {
  const entries = (await findEntries(db, deployment, correlationId))
    .map(({ bytes }) => parseAccess(bytes))
    .filter((one) => one !== null)
    .filter((one) => one.correlationId === correlationId && one.picture === picture);
  // A mutation has an intent and, if it completed, an access: prefer the access.
  for (const entry of entries.toSorted((one, other) => Number(isAccess(other)) - Number(isAccess(one)))) {
    const personal = await readPersonal(db, entry.id);
    // The parts are written in parallel with the entry: until they are there, the access is not recorded as a whole.
    if (personal === null && Date.now() - Date.parse(entry.at) < settlingMs) continue;
    return { entry, reader: readerIn(entry, personal?.reader ?? null) };
  }
  return null;
}

function readerIn(entry: AccessEntry, part: SaltedPart | null): PersonalReader | null {
  if (part === null || !verifyPersonal(entry, 'reader', part)) return null;
  return JSON.parse(new TextDecoder().decode(part.bytes)) as PersonalReader;
}

async function readPage(db: Db, deployment: string, asked: PageAsked): Promise<LogPage> {
  const before = await placeOf(db, deployment, asked.after);
  const entries: AccessEntry[] = [];
  let seen = 0;
  let bytes = 0;
  let last: string | null = null;
  // Read one entry more to know whether there is a next page.
  for await (const stored of readBackwards(db, deployment, { ...asked, before, limit: asked.first + 1 })) {
    if (seen >= asked.first || bytes >= maxBytes) return { entries, next: last };
    seen += 1;
    bytes += stored.bytes.length;
    last = stored.id;
    const entry = parseAccess(stored.bytes);
    if (entry !== null && isAsked(entry, asked)) entries.push(entry);
  }
  return { entries, next: null };
}

async function placeOf(db: Db, deployment: string, cursor: string | null): Promise<number> {
  if (cursor === null) return Number.MAX_SAFE_INTEGER;
  const place = uuid.test(cursor) ? await findPlace(db, deployment, cursor) : null;
  if (place === null) throw new HubError('BAD_CURSOR');
  return place;
}

function isAsked(entry: AccessEntry, { picture, community }: PageAsked): boolean {
  if (entry.picture !== picture) return false;
  return community === undefined || entry.disclosed.some((one) => one.community === community);
}

async function orUnavailable<Result>(reading: Promise<Result>): Promise<Result> {
  try {
    return await within(deadlineMs, reading);
  } catch (error) {
    if (error instanceof HubError) throw error;
    throw new HubError('TRAIL_UNAVAILABLE', String(error), { cause: error });
  }
}
