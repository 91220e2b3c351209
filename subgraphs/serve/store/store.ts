import mongoose, { type Connection, type Model, Schema } from 'mongoose';
import type { StoredRecord } from '../../../schema/record/envelope.ts';
import type { Kind } from '../kind.ts';
import { createWordIndexes } from '../search/rows.ts';
import { createChangeRowIndexes } from '../sync/change-rows.ts';
import type { Link } from './links.ts';
import { SchemaVersions } from '../record/schema-versions.ts';
import { createBookingIndexes } from '../workflow/kinds/bookings.ts';
import { createNoticeIndexes } from '../workflow/notices.ts';
import { createTimerIndexes } from '../workflow/timers.ts';
import { createWorkflowIndexes } from '../workflow/progress-store.ts';

/** A community's store: one connection, one model for each kind, and the join rows. */
export type CommunityStore = {
  readonly connection: Connection;
  readonly records: ReadonlyMap<string, Model<StoredRecord>>;
  /** Join rows have no content, so they have no document version. */
  readonly links: Model<Link>;
  /** The document versions of each kind that this program knows. */
  readonly schemas: ReadonlyMap<string, SchemaVersions>;
  /** Resolves when the store has all indexes, or when they cannot be created, which is reported. */
  readonly indexed: Promise<void>;
};

/** An index: its key, and the rows that it has entries for. */
export type Index = Readonly<Record<string, 1 | -1>>;

/**
 * The index of every list: MongoDB merges the held keys in the order of the list. `openFrom` is compared in the index, so
 * that a record under embargo is not read for a reader who may not see it yet.
 */
export const listIndex = { admits: 1, sortAt: -1, _id: -1, openFrom: 1 } as const;
/** The index of the records under embargo, by the access keys that they admit before it ends. */
export const earlyIndex = { admitsEarly: 1, sortAt: -1, _id: -1, openFrom: 1 } as const;
/** The index of values that are hidden from some readers of the record (derive.ts). */
export const termIndex = { terms: 1, sortAt: -1, _id: -1, openFrom: 1 } as const;
/**
 * The indexes of lookups: they decide whether the reader may see a record before it is read. Each begins with the access
 * keys. An index that begins with the value asked for would be searched once more for each hidden record with that value.
 */
export const idIndex = { admits: 1, _id: 1, openFrom: 1 } as const;
export const earlyIdIndex = { admitsEarly: 1, _id: 1, openFrom: 1 } as const;
export const linkIndex = { admits: 1, key: 1, kind: 1, sortAt: -1, record: -1 } as const;

/**
 * The index of embargoes by their end, for the events that announce it. It is not on `openFrom`: the store would use it for
 * the lists of records under embargo too, and would then have to sort.
 */
export const embargoIndex = { 'envelope.embargoUntil': 1 } as const;

/** The index of the records of one document, for imports of a newer version of it. */
export const documentIndex = { feed: 1, 'envelope.document': 1 } as const;

/** Returns the index of a list that is filtered by equality of one value, at its path below `filters`. */
export function filterIndex(path: string): Index {
  const { admits, ...order } = listIndex;
  return { admits, [`filters.${path}`]: 1, ...order };
}

/** Records that have or had an embargo. All others have the epoch as `openFrom`. */
const embargoed = { partialFilterExpression: { openFrom: { $gt: new Date(0) } } };
/** The same, for queries that compare ids only: MongoDB must not choose the index of lookups for a list. */
const lookedUpEarly = { partialFilterExpression: { openFrom: { $gt: new Date(0) }, _id: { $gt: '' } } };

/**
 * Opens the community's store without waiting for it. Connects again until the store answers; queries fail until then.
 * `alarm` reports documents that cannot be read and are left out. With `monitorCommands`, the connection emits an event for
 * each command.
 */
export function openStore(
  uri: string,
  kinds: readonly Kind[],
  report: (error: unknown) => void,
  alarm: (message: string) => void = () => undefined,
  { monitorCommands = false }: { readonly monitorCommands?: boolean } = {},
): CommunityStore {
  const connection = mongoose.createConnection();
  trackAbsence(connection);
  const schemas = new Map(kinds.map((kind) => [kind.type, new SchemaVersions(kind, alarm)]));
  const records = new Map(
    kinds.map((kind) => [kind.type, recordModel(connection, kind, schemas.get(kind.type))]),
  );
  const links = connection.model<Link>('Link', linkSchema(), 'links');
  const indexed = connect(connection, uri, monitorCommands, report)
    .then(async () => {
      await Promise.all([links, ...records.values()].map(async (model) => await model.createIndexes()));
      await createWordIndexes({ connection });
      await createChangeRowIndexes({ connection });
      await createWorkflowIndexes({ connection });
      if (kinds.some(({ hasMoves }) => hasMoves === true)) {
        await createNoticeIndexes({ connection });
        await createTimerIndexes({ connection });
        await createBookingIndexes({ connection }, kinds);
      }
    })
    .catch(report);
  return { connection, records, links, schemas, indexed };
}

/** Returns whether the store is connected. */
export function isOpen({ connection }: Pick<CommunityStore, 'connection'>): boolean {
  return connection.readyState === mongoose.ConnectionStates.connected;
}

/** Waits for a store that may be starting. Throws, with a message for the operator, after `ms` milliseconds. */
export async function untilOpen(store: Pick<CommunityStore, 'connection'>, ms: number): Promise<void> {
  const until = performance.now() + ms;
  while (!isOpen(store)) {
    if (performance.now() > until)
      throw new Error("The community's store does not answer: start it, then run this command again.");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** How long a request waits for a store that went away, in milliseconds. A replica set may be electing a primary. */
const waitMs = 1500;

/** For each store that is away: since when, and when a request last waited for it, in milliseconds of this process. */
const away = new WeakMap<Connection, { readonly since: number; triedAt: number }>();

function trackAbsence(connection: Connection): void {
  const begin = () => void away.set(connection, { since: performance.now(), triedAt: 0 });
  begin();
  connection.on('connected', () => void away.delete(connection));
  connection.on('disconnected', begin);
}

/**
 * Returns whether a store has been away for longer than a request waits, so that the next request fails at once. One
 * request per second still waits, because the driver looks for the store immediately only while an operation waits.
 */
export function isLongAway(connection: Connection): boolean {
  const absence = away.get(connection);
  const now = performance.now();
  if (absence === undefined || now - absence.since <= waitMs) return false;
  if (now - absence.triedAt > tryEveryMs) {
    absence.triedAt = now;
    return false;
  }
  return true;
}

const tryEveryMs = 1000;

async function connect(
  connection: Connection,
  uri: string,
  monitorCommands: boolean,
  report: (error: unknown) => void,
): Promise<void> {
  for (;;) {
    try {
      await connection.openUri(uri, {
        monitorCommands,
        autoIndex: false,
        bufferCommands: false,
        // 50 for requests, one for the change stream, and eight for hubs that catch up (live/serve-changes.ts).
        maxPoolSize: 59,
        serverSelectionTimeoutMS: waitMs,
        connectTimeoutMS: waitMs,
        socketTimeoutMS: 10_000,
        retryReads: true,
      });
      return;
    } catch (error) {
      report(error);
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}

function recordModel(
  connection: Connection,
  kind: Kind,
  versions = new SchemaVersions(kind),
): Model<StoredRecord> {
  const keys = { admits: [String], admitsEarly: [String], policy: String };
  // Until a store is contracted, filters use fields of older versions.
  const retired = Object.fromEntries(versions.retired().map((name) => [name, Schema.Types.Mixed]));
  const schema = new Schema(
    {
      _id: String,
      schemaVersion: Number,
      readableFrom: Number,
      feed: String,
      envelope: Schema.Types.Mixed,
      content: new Schema({ ...retired, ...kind.content }, { _id: false }),
      sortAt: Date,
      openFrom: Date,
      contentHash: String,
      filters: Schema.Types.Mixed,
      terms: [String],
      derived: Number,
      admittedBefore: { type: [String], default: undefined },
      ...keys,
    },
    strictness,
  );
  schema.index(listIndex);
  schema.index(earlyIndex, embargoed);
  schema.index(termIndex, { partialFilterExpression: { terms: { $exists: true } } });
  schema.index(idIndex);
  schema.index(earlyIdIndex, lookedUpEarly);
  schema.index(embargoIndex, { partialFilterExpression: { 'envelope.embargoUntil': { $type: 'date' } } });
  schema.index({ feed: 1, 'envelope.localId': 1, 'envelope.exercise': 1 }, { unique: true });
  schema.index(documentIndex, { partialFilterExpression: { 'envelope.document': { $exists: true } } });
  for (const path of new Set(versions.filterValues.map((value) => value.path)))
    schema.index(filterIndex(path));
  return connection.model<StoredRecord>(kind.type, schema as never, kind.collection);
}

function linkSchema(): Schema<Link> {
  const keys = { admits: [String], admitsEarly: [String], policy: String };
  const row = {
    _id: String,
    kind: String,
    key: String,
    record: String,
    sortAt: Date,
    openFrom: Date,
    ...keys,
  };
  const schema = new Schema(row, strictness);
  schema.index(linkIndex);
  schema.index({ record: 1 });
  return schema as never;
}

/** By default mongoose drops a misspelt key from a filter, which then matches everything, and accepts operators. */
const strictness = {
  strict: 'throw',
  strictQuery: 'throw',
  sanitizeFilter: true,
  versionKey: false,
  autoCreate: false,
  autoIndex: false,
} as const;
