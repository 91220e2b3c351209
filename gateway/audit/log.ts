import type { Db } from 'mongodb';
import { HubError } from '../../schema/errors.ts';
import { within } from '../../schema/runtime/within.ts';
import type { AccessEntry } from './entry.ts';
import { type PersonalReader, verifyPersonal } from './personal.ts';
import { findEntries, findPlace, readBackwards, readPersonal } from './store.ts';
import { parseEntry } from './verify.ts';

/** An entry of the log with the part that says who asked: null where it was erased. */
export type LoggedAccess = { readonly entry: AccessEntry; readonly reader: PersonalReader | null };

/** What a page of the log is to hold: entries of one picture, and of one community where it says which. */
export type PageAsked = {
  readonly first: number;
  /** The cursor of the page before: an entry's id, which is random and tells nothing. */
  readonly after: string | null;
  readonly picture: string;
  readonly community?: string;
};

/** A page of the log, the newest first; `next` is the cursor of the page after it, null where there is none. */
export type LogPage = { readonly entries: readonly AccessEntry[]; readonly next: string | null };

/**
 * The access log as it is read: one picture at a time, and only what the entries' own bytes say. Every method throws
 * TRAIL_UNAVAILABLE when the store does not answer.
 */
export type AccessLog = {
  /** The access of a request, with who asked; null where the log holds none of that picture. */
  find(correlationId: string, picture: string): Promise<LoggedAccess | null>;
  /** Throws BAD_CURSOR where the cursor is of no entry. */
  page(asked: PageAsked): Promise<LogPage>;
};

const deadlineMs = 1500;
/** How many bytes of entries one page holds, less its last. */
const maxBytes = 16_000_000;
/** What correlation ids and entries' ids look like: nothing else is asked of the store. */
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

async function findAccess(
  db: Db,
  deployment: string,
  correlationId: string,
  picture: string,
): Promise<LoggedAccess | null> {
  const entries = (await findEntries(db, deployment, correlationId))
    .map(({ bytes }) => parseEntry(bytes))
    .filter((one) => one !== null)
    .filter((one) => one.correlationId === correlationId && one.picture === picture);
  // What a change came to, or what it was about to be where nothing came of it.
  const entry = entries.find(({ kind }) => kind === 'access') ?? entries[0];
  if (entry === undefined) return null;
  const { reader } = await readPersonal(db, entry.id);
  const isTheirs = reader !== null && verifyPersonal(entry, 'reader', reader);
  const text = new TextDecoder();
  return { entry, reader: isTheirs ? (JSON.parse(text.decode(reader.bytes)) as PersonalReader) : null };
}

async function readPage(db: Db, deployment: string, asked: PageAsked): Promise<LogPage> {
  const before = await placeOf(db, deployment, asked.after);
  const entries: AccessEntry[] = [];
  let looked = 0;
  let bytes = 0;
  let last: string | null = null;
  // One more than asked for tells whether there is a next page.
  for await (const stored of readBackwards(db, deployment, { ...asked, before, most: asked.first + 1 })) {
    if (looked >= asked.first || bytes >= maxBytes) return { entries, next: last };
    looked += 1;
    bytes += stored.bytes.length;
    last = stored.id;
    const entry = parseEntry(stored.bytes);
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
