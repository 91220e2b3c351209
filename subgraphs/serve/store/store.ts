import mongoose, { type Connection, type Model, Schema } from 'mongoose';
import type { StoredRecord } from '../../../schema/record/envelope.ts';
import type { Kind } from '../kind.ts';
import type { Link } from './links.ts';
import { SchemaVersions } from '../record/schema-versions.ts';

/** A community's own store: one connection, one model for each kind, and its join rows. */
export type CommunityStore = {
  readonly connection: Connection;
  readonly records: ReadonlyMap<string, Model<StoredRecord>>;
  /** Join rows hold no content, so they have no version of their own. */
  readonly links: Model<Link>;
  /** The versions of each kind's documents, as this program knows them. */
  readonly schemas: ReadonlyMap<string, SchemaVersions>;
};

/** The index that serves every list: a merge over the held keys, in the list's order. */
export const listIndex = { admits: 1, sortAt: -1, _id: -1 } as const;
export const linkIndex = { key: 1, kind: 1, admits: 1, sortAt: -1, record: -1 } as const;

/** The index that serves a list filtered by equality of one path. */
export function filterIndex(path: string): Record<string, 1 | -1> {
  return { [path]: 1, ...listIndex };
}

/**
 * Opens the community's store. It does not wait for it: a store that is down at the start is tried again until it
 * answers, and until then each query fails by itself. `alarm` is told of documents that are left out when they are read.
 */
export function openStore(
  uri: string,
  kinds: readonly Kind[],
  report: (error: unknown) => void,
  alarm: (words: string) => void = () => undefined,
): CommunityStore {
  const connection = mongoose.createConnection();
  followAbsence(connection);
  const schemas = new Map(kinds.map((kind) => [kind.type, new SchemaVersions(kind, alarm)]));
  const records = new Map(
    kinds.map((kind) => [kind.type, recordModel(connection, kind, schemas.get(kind.type))]),
  );
  const links = connection.model<Link>('Link', linkSchema(), 'links');
  void connect(connection, uri, report)
    .then(async () => {
      await Promise.all([links, ...records.values()].map(async (model) => await model.createIndexes()));
    })
    .catch(report);
  return { connection, records, links, schemas };
}

/** Whether the store is connected at this moment. */
export function isOpen({ connection }: Pick<CommunityStore, 'connection'>): boolean {
  return connection.readyState === mongoose.ConnectionStates.connected;
}

/** Waits for a store that may just be starting. Throws, in words for an operator, after so many milliseconds. */
export async function untilOpen(store: Pick<CommunityStore, 'connection'>, ms: number): Promise<void> {
  const until = performance.now() + ms;
  while (!isOpen(store)) {
    if (performance.now() > until)
      throw new Error("The community's store does not answer: start it, then run this again.");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** How long a request waits for a store that went away, in milliseconds: a new primary may be on its way. */
const patienceMs = 1500;

/** Since when each store is away, and when it was last looked for, in milliseconds of this process. */
const away = new WeakMap<Connection, { readonly since: number; soughtAt: number }>();

function followAbsence(connection: Connection): void {
  const begin = () => void away.set(connection, { since: performance.now(), soughtAt: 0 });
  begin();
  connection.on('connected', () => void away.delete(connection));
  connection.on('disconnected', begin);
}

/**
 * Whether a store has been away for longer than a request waits for it, so that the next one need not wait again. One
 * each second waits all the same: the driver looks for a store at once only where somebody does.
 */
export function isLongAway(connection: Connection): boolean {
  const absence = away.get(connection);
  const now = performance.now();
  if (absence === undefined || now - absence.since <= patienceMs) return false;
  if (now - absence.soughtAt > seekEveryMs) {
    absence.soughtAt = now;
    return false;
  }
  return true;
}

const seekEveryMs = 1000;

async function connect(connection: Connection, uri: string, report: (error: unknown) => void): Promise<void> {
  for (;;) {
    try {
      await connection.openUri(uri, {
        autoIndex: false,
        bufferCommands: false,
        maxPoolSize: 50,
        serverSelectionTimeoutMS: patienceMs,
        connectTimeoutMS: patienceMs,
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
  const labels = { admits: [String], admitsEarly: [String], policy: String };
  // Until a store is contracted, filters compare what older versions have.
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
      ...labels,
    },
    strictness,
  );
  schema.index(listIndex);
  schema.index({ feed: 1, 'envelope.localId': 1, 'envelope.exercise': 1 }, { unique: true });
  for (const path of versions.filterPaths()) schema.index(filterIndex(path));
  return connection.model<StoredRecord>(kind.type, schema as never, kind.collection);
}

function linkSchema(): Schema<Link> {
  const labels = { admits: [String], admitsEarly: [String], policy: String };
  const row = {
    _id: String,
    kind: String,
    key: String,
    record: String,
    sortAt: Date,
    openFrom: Date,
    ...labels,
  };
  const schema = new Schema(row, strictness);
  schema.index(linkIndex);
  schema.index({ record: 1 });
  return schema as never;
}

/** mongoose turns a misspelt key into "all" and lets operators through unless told otherwise. */
const strictness = {
  strict: 'throw',
  strictQuery: 'throw',
  sanitizeFilter: true,
  versionKey: false,
  autoCreate: false,
  autoIndex: false,
} as const;
