import { Binary, type Collection, type Db, type MongoClientOptions } from 'mongodb';
import { type ChainedEntry, type ChainHead, type Draft, genesis } from './entry.ts';
import { type PersonalPart, type PersonalParts, personalParts, type SaltedPart } from './personal.ts';
import type { StoredEntry } from './verify.ts';

/**
 * Returns options of the MongoDB client for the audit log. If the store is down or hangs, an attempt ends soon after the time
 * limit, not after the driver's 30 s. With other options the writer still answers in time, but recovers later.
 */
export function trailClientOptions(deadlineMs = 1500): MongoClientOptions {
  return {
    serverSelectionTimeoutMS: deadlineMs,
    connectTimeoutMS: deadlineMs,
    socketTimeoutMS: Math.max(5000, deadlineMs + 1000),
    heartbeatFrequencyMS: 1000,
  };
}

type EntryDocument = {
  /** The entry's id. Its uniqueness prevents a second insert. */
  readonly _id: string;
  readonly deployment: string;
  readonly seq: number;
  readonly at: Date;
  readonly hash: string;
  /** Copied from the bytes, for queries by correlation id. */
  readonly correlationId: string;
  /** Copied from the bytes, so that a page of one picture does not read entries of another. */
  readonly picture: string;
  /** Copied from the bytes, for the queries of a community's operators. */
  readonly communities: readonly string[];
  readonly bytes: Binary;
  /** The hub's signature of the bytes; entries of format 1 have none. */
  readonly signature?: Binary;
};

/** A chained entry with the signature of the hub that writes it. */
export type SignedEntry = ChainedEntry & { readonly signature: Uint8Array };

type PartDocument = { readonly salt: Binary; readonly bytes: Binary };
type PersonalDocument = { readonly _id: string; readonly at: Date } & {
  readonly [part in PersonalPart]?: PartDocument;
};

/** The server-side time limit of one command, in milliseconds. */
const maxTimeMs = 1000;
const durable = (ms: number) => ({ writeConcern: { w: 'majority', journal: true, wtimeoutMS: ms } }) as const;
const primary = { readPreference: 'primary' } as const;

/** The durable state of some entries: the positions of the chained ones, and the ids of those with parts. */
export type Found = { readonly chained: ReadonlyMap<string, ChainHead>; readonly parts: ReadonlySet<string> };

/**
 * The two collections of the audit log. `trail` is append-only: the database user needs find, insert, createIndex and
 * listIndexes there, never update or remove. `trailPersonal` has the erasable parts. Throws the driver's errors.
 */
export class TrailStore {
  readonly deployment: string;
  readonly #entries: Collection<EntryDocument>;
  readonly #personal: Collection<PersonalDocument>;
  readonly #maxTimeMs: number;

  /** `ms` is the server-side time limit of each command. */
  constructor(db: Db, deployment: string, ms: number = maxTimeMs) {
    this.deployment = deployment;
    this.#maxTimeMs = ms;
    this.#entries = db.collection('trail', { ...durable(ms), ...primary });
    this.#personal = db.collection('trailPersonal', { ...durable(ms), ...primary });
  }

  /** Creates the indexes and reads the head. The unique index prevents that two hubs take the same position. */
  async prepare(): Promise<ChainHead> {
    await this.#entries.createIndex({ deployment: 1, seq: 1 }, { unique: true, name: 'place' });
    await this.#entries.createIndex({ deployment: 1, correlationId: 1 }, { name: 'request' });
    await this.#entries.createIndex({ deployment: 1, picture: 1, seq: 1 }, { name: 'picture' });
    const ofCommunity = { deployment: 1, picture: 1, communities: 1, seq: 1 } as const;
    await this.#entries.createIndex(ofCommunity, { name: 'community' });
    return await this.readHead();
  }

  /** Reads the last entry that a failover cannot roll back: otherwise the chain could get a gap. */
  async readHead(): Promise<ChainHead> {
    const last = await this.#entries.findOne(
      { deployment: this.deployment },
      {
        sort: { seq: -1 },
        projection: { seq: 1, hash: 1 },
        readConcern: 'majority',
        maxTimeMS: this.#maxTimeMs,
      },
    );
    return last === null ? genesis(this.deployment) : { seq: last.seq, hash: last.hash };
  }

  /** Inserts entries in order, and stops at the first that fails: each position has one entry only. */
  async insertEntries(entries: readonly SignedEntry[]): Promise<void> {
    if (entries.length === 0) return;
    const { deployment } = this;
    const documents = entries.map(({ id, at, bytes, signature, ...link }) => {
      const signed = { bytes: new Binary(bytes), signature: new Binary(signature) };
      return { _id: id, deployment, ...link, at: new Date(at), ...signed };
    });
    await this.#entries.insertMany(documents, { ordered: true, maxTimeMS: this.#maxTimeMs });
  }

  /** Inserts the erasable parts of entries. */
  async insertParts(drafts: readonly Draft[]): Promise<void> {
    if (drafts.length === 0) return;
    const documents = drafts.map(({ body, parts }) => ({
      _id: body.id,
      at: new Date(body.at),
      ...(parts?.reader && { reader: toDocument(parts.reader) }),
      ...(parts?.operation && { operation: toDocument(parts.operation) }),
    }));
    await this.#personal.insertMany(documents, { ordered: false, maxTimeMS: this.#maxTimeMs });
  }

  /** Finds which of these entries are on a majority, so that a failover cannot roll them back. */
  async find(ids: readonly string[]): Promise<Found> {
    const options = { readConcern: 'majority', maxTimeMS: this.#maxTimeMs } as const;
    const those = { _id: { $in: [...ids] } };
    const [entries, parts] = await Promise.all([
      this.#entries.find(those, { ...options, projection: { seq: 1, hash: 1 } }).toArray(),
      this.#personal.find(those, { ...options, projection: { _id: 1 } }).toArray(),
    ]);
    return {
      chained: new Map(entries.map(({ _id, seq, hash }) => [_id, { seq, hash }])),
      parts: new Set(parts.map(({ _id }) => _id)),
    };
  }
}

/** The number of entries that are read together with their personal parts. */
const chunk = 500;

/** Reads a deployment's entries from `fromSeq` on in order, each with its personal parts, with read concern majority. */
export async function* readEntries(db: Db, deployment: string, fromSeq = 1): AsyncIterable<StoredEntry> {
  const entries = db.collection<EntryDocument>('trail', { ...primary, readConcern: 'majority' });
  const cursor = entries.find({ deployment, seq: { $gte: fromSeq } }, { sort: { seq: 1 }, batchSize: chunk });
  let read: EntryDocument[] = [];
  for await (const document of cursor) {
    read.push(document);
    if (read.length < chunk) continue;
    yield* await withParts(db, read, deployment);
    read = [];
  }
  yield* await withParts(db, read, deployment);
}

async function withParts(
  db: Db,
  entries: readonly EntryDocument[],
  deployment: string,
): Promise<readonly StoredEntry[]> {
  if (entries.length === 0) return [];
  const personal = db.collection<PersonalDocument>('trailPersonal', { ...primary, readConcern: 'majority' });
  const found = await personal.find({ _id: { $in: entries.map(({ _id }) => _id) } }).toArray();
  const partsOf = new Map(found.map((one) => [one._id, one]));
  return entries.map((entry) => toVerify(entry, partsOf.get(entry._id), deployment));
}

/** MongoDB compares an array by its elements, and promises no types: a changed type must not hide or break anything. */
function toVerify(
  entry: EntryDocument,
  personal: PersonalDocument | undefined,
  deployment: string,
): StoredEntry {
  const { at, correlationId, picture, communities } = entry;
  const parts = { reader: toPart(personal?.reader), operation: toPart(personal?.operation) };
  const isMistyped =
    entry.deployment !== deployment ||
    !Number.isSafeInteger(entry.seq) ||
    [entry._id, entry.hash].some((one) => typeof one !== 'string') ||
    !(entry.bytes instanceof Binary) ||
    (entry.signature !== undefined && !(entry.signature instanceof Binary)) ||
    Object.values(parts).includes('mistyped');
  return {
    ...toStored(isMistyped ? { ...entry, bytes: new Binary() } : entry),
    found: { at, correlationId, picture, communities },
    ...(isMistyped ? { isMistyped } : { parts: parts as PersonalParts }),
  };
}

function toStored({ _id, seq, hash, bytes, signature }: EntryDocument): StoredEntry {
  const signed = signature instanceof Binary ? signature.value() : null;
  return { id: _id, seq, hash, bytes: bytes.value(), signature: signed };
}

function toPart(part: unknown): SaltedPart | 'mistyped' | null {
  if (part === undefined) return null;
  const { salt, bytes } = (part ?? {}) as { readonly salt?: unknown; readonly bytes?: unknown };
  return salt instanceof Binary && bytes instanceof Binary
    ? { salt: salt.value(), bytes: bytes.value() }
    : 'mistyped';
}

const isOf = (field: string, types: readonly string[]) => ({ $in: [{ $type: field }, [...types]] });

/** Counts the documents of `trail` that no chain has, because their deployment or position has another type. */
export async function countStrays(db: Db): Promise<number> {
  const placed = { $and: [isOf('$deployment', ['string']), isOf('$seq', ['int', 'long', 'double'])] };
  const entries = db.collection('trail', { ...primary, readConcern: 'majority' });
  return await entries.countDocuments({ $expr: { $not: [placed] } });
}

/** Returns a deployment's entries of one request: an access, and for a mutation its intent. */
export async function findEntries(
  db: Db,
  deployment: string,
  correlationId: string,
): Promise<readonly StoredEntry[]> {
  const entries = db.collection<EntryDocument>('trail', { ...primary, readConcern: 'majority' });
  const found = await entries
    .find({ deployment, correlationId }, { limit: 10, maxTimeMS: maxTimeMs })
    .toArray();
  return found.map(toStored);
}

/** Returns the position of an entry; null if the deployment has none with this id. */
export async function findPlace(db: Db, deployment: string, id: string): Promise<number | null> {
  const entries = db.collection<EntryDocument>('trail', { ...primary, readConcern: 'majority' });
  const entry = await entries.findOne(
    { _id: id, deployment },
    { projection: { seq: 1 }, maxTimeMS: maxTimeMs },
  );
  return entry?.seq ?? null;
}

/** Returns the hash of the entry at a position; null if there is none. */
export async function findHashAt(db: Db, deployment: string, seq: number): Promise<string | null> {
  const entries = db.collection<EntryDocument>('trail', { ...primary, readConcern: 'majority' });
  const entry = await entries.findOne({ deployment, seq }, { projection: { hash: 1 }, maxTimeMS: maxTimeMs });
  return entry?.hash ?? null;
}

/** A query for the newest entries of one picture before a position. */
export type Backwards = {
  readonly picture: string;
  readonly before: number;
  readonly limit: number;
  /** Only entries that disclose a record of this community. */
  readonly community?: string;
};

/** Reads a deployment's entries before a position, newest first, with read concern majority. */
export async function* readBackwards(
  db: Db,
  deployment: string,
  { picture, before, limit, community }: Backwards,
): AsyncIterable<StoredEntry> {
  const entries = db.collection<EntryDocument>('trail', { ...primary, readConcern: 'majority' });
  const of = { deployment, picture, ...(community === undefined ? {} : { communities: community }) };
  const cursor = entries.find(
    { ...of, seq: { $lt: before } },
    { sort: { seq: -1 }, limit, maxTimeMS: maxTimeMs },
  );
  for await (const document of cursor) yield toStored(document);
}

/** Reads the erasable parts of an entry; null for each that was erased. Returns null if they expired or are not written yet. */
export async function readPersonal(db: Db, entryId: string): Promise<PersonalParts | null> {
  const personal = db.collection<PersonalDocument>('trailPersonal', primary);
  const document = await personal.findOne({ _id: entryId });
  return document && { reader: fromDocument(document.reader), operation: fromDocument(document.operation) };
}

/** Permanently erases parts of an entry and their salts. The entry stays verifiable. Needs update on `trailPersonal`. */
export async function erasePersonal(
  db: Db,
  entryId: string,
  parts: readonly PersonalPart[] = personalParts,
): Promise<void> {
  const gone = Object.fromEntries(parts.map((part) => [part, true as const]));
  await db
    .collection<PersonalDocument>('trailPersonal', durable(maxTimeMs))
    .updateOne({ _id: entryId }, { $unset: gone });
}

function toDocument(part: SaltedPart): PartDocument {
  return { salt: new Binary(part.salt), bytes: new Binary(part.bytes) };
}

function fromDocument(part: PartDocument | undefined): SaltedPart | null {
  return part === undefined ? null : { salt: part.salt.value(), bytes: part.bytes.value() };
}
