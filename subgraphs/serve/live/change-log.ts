import { type ChangeStream, type Db, type Document, MongoServerError } from 'mongodb';
import type { Community } from '../../../schema/record/vocabulary.ts';
import type { Kind } from '../kind.ts';
import { type CommunityStore, isOpen } from '../store/store.ts';
import { noticeCollections, writtenWithNotice } from './logged-notice.ts';
import type { Written } from './written.ts';

/** The store whose log is read, and the kinds of record in it. */
export type LogSource = {
  readonly community: Community;
  readonly kinds: readonly Kind[];
  readonly store: CommunityStore;
};

/** A step in the store's log: a written record, or null at the end of the log. `token` is the place after it. */
export type Step = { readonly written: Written | null; readonly token: string };

/** The store's log no longer has every change since a place, or never had this place. */
export class LogLost extends Error {
  override readonly name = 'LogLost';
}

/** InvalidResumeToken, ChangeStreamFatalError, ChangeStreamHistoryLost, CappedPositionLost and a change above 16 MB. */
const lostCodes: readonly unknown[] = [260, 280, 286, 136, 10_334];

/**
 * Reads the log of the store by MongoDB's change stream, after a place or from now on, until `signal` is aborted. Records
 * are only inserted and replaced (`writeRecords`); relabelling and migrations update them and are no change for a
 * reader. `openRecord` updates them too: the further reader gets a notice instead of an event. Waits `waitMs` for a change before each step without one. The driver resumes the stream after a failover.
 */
export async function* readLog(
  source: LogSource,
  after: string | null,
  { signal, waitMs }: { readonly signal: AbortSignal; readonly waitMs: number },
): AsyncGenerator<Step> {
  const { store, kinds } = source;
  if (!isOpen(store)) throw new Error('the store is not connected');
  const kindOf = new Map(kinds.map(({ collection, type }) => [collection, type]));
  const collections = [...kindOf.keys(), ...noticeCollections(kinds)];
  const resume = after === null ? {} : { resumeAfter: { _data: after } };
  const options = { maxAwaitTimeMS: waitMs, batchSize: 500, ...resume };
  const stream = databaseOf(store).watch(pipelineOf(collections), options);
  const close = () => void stream.close().catch(() => undefined);
  signal.addEventListener('abort', close, { once: true });
  try {
    while (!signal.aborted) yield await toStep(await stream.tryNext(), stream, kindOf, source);
  } catch (error) {
    if (signal.aborted) return;
    throw isLost(error)
      ? new LogLost('the log of the store does not have this place', { cause: error })
      : error;
  } finally {
    signal.removeEventListener('abort', close);
    close();
  }
}

function databaseOf({ connection }: CommunityStore): Db {
  return connection.getClient().db(connection.name);
}

/** Content never leaves the database here: only the envelope and the keys of subscribers do. */
function pipelineOf(collections: readonly string[]): Document[] {
  return [
    { $match: { operationType: { $in: ['insert', 'replace'] }, 'ns.coll': { $in: collections } } },
    {
      $project: {
        operationType: 1,
        'ns.coll': 1,
        'documentKey._id': 1,
        'fullDocument.envelope': 1,
        'fullDocument.admittedBefore': 1,
        // Those of a notice. A record has none of them.
        'fullDocument.kind': 1,
        'fullDocument.record': 1,
        'fullDocument.party': 1,
      },
    },
  ];
}

async function toStep(
  change: Document | null,
  { resumeToken }: Pick<ChangeStream, 'resumeToken'>,
  kindOf: ReadonlyMap<string, string>,
  source: LogSource,
): Promise<Step> {
  const token = (resumeToken as { readonly _data?: unknown } | null)?._data;
  if (typeof token !== 'string') throw new Error('expected a resume token of the change stream, got none');
  if (change === null) return { written: null, token };
  const kind = kindOf.get(String(change['ns'].coll));
  const { envelope, admittedBefore } = change['fullDocument'];
  const id = String(change['documentKey']._id);
  if (kind === undefined)
    return { written: await writtenWithNotice(source, { id, ...change['fullDocument'] }), token };
  const isNew = change['operationType'] === 'insert';
  return { written: { kind, id, isNew, envelope, ...(admittedBefore && { admittedBefore }) }, token };
}

function isLost(error: unknown): boolean {
  return error instanceof MongoServerError && lostCodes.includes(error.code);
}

/** Returns the time of the newest write that the store has applied, in the form of `timeOfToken`. */
export async function timeOfStore(store: CommunityStore): Promise<string> {
  const { operationTime } = await databaseOf(store).command({ ping: 1 });
  return hex(operationTime.getHighBits(), operationTime.getLowBits());
}

/**
 * Returns the time in a resume token, which sorts as a text. A token is a key string of the server: the type of a
 * timestamp (0x82), seconds and increment, both big-endian. The greatest time for another form, so that reading ends.
 */
export function timeOfToken(token: string): string {
  return /^82([0-9A-F]{16})/.exec(token)?.[1] ?? 'FFFFFFFFFFFFFFFF';
}

function hex(...words: readonly number[]): string {
  return words
    .map((word) => (word >>> 0).toString(16).padStart(8, '0'))
    .join('')
    .toUpperCase();
}
