import { Binary, type Collection, type Db, type MongoClientOptions } from 'mongodb';
import { type ChainedEntry, type ChainHead, type Draft, genesis } from './entry.ts';
import { type PersonalPart, type PersonalParts, personalParts, type SaltedPart } from './personal.ts';
import type { StoredEntry } from './verify.ts';

/**
 * Options of a client that the trail is opened on: a store that is down or hangs ends an attempt within two seconds
 * instead of the driver's thirty. The trail answers its callers in time with any client; with these it also comes
 * back sooner from a store that hung.
 */
export const trailClientOptions = {
  serverSelectionTimeoutMS: 1500,
  connectTimeoutMS: 1500,
  socketTimeoutMS: 5000,
  heartbeatFrequencyMS: 1000,
} as const satisfies MongoClientOptions;

type EntryDocument = {
  /** The entry's id: what makes a second writing of it impossible. */
  readonly _id: string;
  readonly deployment: string;
  readonly seq: number;
  readonly at: Date;
  readonly hash: string;
  /** As the bytes say it: how an auditor finds the entry of a refusal. */
  readonly correlationId: string;
  /** As the bytes say it: no page of one picture is looked for among the entries of another. */
  readonly picture: string;
  /** As the bytes say it: how a community's operator finds who was given its records. */
  readonly communities: readonly string[];
  readonly bytes: Binary;
};

type PartDocument = { readonly salt: Binary; readonly bytes: Binary };
type PersonalDocument = { readonly _id: string; readonly at: Date } & {
  readonly [part in PersonalPart]?: PartDocument;
};

/** What the server is told to take at most for one command, in milliseconds. */
const longestMs = 1000;
const durable = { writeConcern: { w: 'majority', journal: true, wtimeoutMS: longestMs } } as const;
const primary = { readPreference: 'primary' } as const;

/** What is durably in the store of some entries: the places of those chained, the ids of those with their parts. */
export type Found = { readonly chained: ReadonlyMap<string, ChainHead>; readonly parts: ReadonlySet<string> };

/**
 * The trail's two collections. `trail` is append-only: this needs find, insert, createIndex and listIndexes there,
 * never update or remove. `trailPersonal` holds the erasable parts. Every error of the driver comes through as it is.
 */
export class TrailStore {
  readonly deployment: string;
  readonly #entries: Collection<EntryDocument>;
  readonly #personal: Collection<PersonalDocument>;

  constructor(db: Db, deployment: string) {
    this.deployment = deployment;
    this.#entries = db.collection('trail', { ...durable, ...primary });
    this.#personal = db.collection('trailPersonal', { ...durable, ...primary });
  }

  /** Makes sure of the index that keeps two hubs from taking one place and of those to read by, and reads the head. */
  async prepare(): Promise<ChainHead> {
    await this.#entries.createIndex({ deployment: 1, seq: 1 }, { unique: true, name: 'place' });
    await this.#entries.createIndex({ deployment: 1, correlationId: 1 }, { name: 'request' });
    await this.#entries.createIndex({ deployment: 1, picture: 1, seq: 1 }, { name: 'picture' });
    const ofCommunity = { deployment: 1, picture: 1, communities: 1, seq: 1 } as const;
    await this.#entries.createIndex(ofCommunity, { name: 'community' });
    return await this.readHead();
  }

  /** The last link that no failover takes back: one that could vanish would leave a gap under what hangs on it. */
  async readHead(): Promise<ChainHead> {
    const last = await this.#entries.findOne(
      { deployment: this.deployment },
      { sort: { seq: -1 }, projection: { seq: 1, hash: 1 }, readConcern: 'majority', maxTimeMS: longestMs },
    );
    return last === null ? genesis(this.deployment) : { seq: last.seq, hash: last.hash };
  }

  /** Appends links in their order, and stops at the first that is refused: a place is taken by one entry only. */
  async insertEntries(entries: readonly ChainedEntry[]): Promise<void> {
    if (entries.length === 0) return;
    const { deployment } = this;
    const documents = entries.map(({ id, at, bytes, ...link }) => {
      return { _id: id, deployment, ...link, at: new Date(at), bytes: new Binary(bytes) };
    });
    await this.#entries.insertMany(documents, { ordered: true, maxTimeMS: longestMs });
  }

  async insertParts(drafts: readonly Draft[]): Promise<void> {
    if (drafts.length === 0) return;
    const documents = drafts.map(({ body, parts }) => ({
      _id: body.id,
      at: new Date(body.at),
      ...(parts.reader && { reader: toDocument(parts.reader) }),
      ...(parts.operation && { operation: toDocument(parts.operation) }),
    }));
    await this.#personal.insertMany(documents, { ordered: false, maxTimeMS: longestMs });
  }

  /** Which of these are in and on a majority, so that no failover takes them back. */
  async find(ids: readonly string[]): Promise<Found> {
    const options = { readConcern: 'majority', maxTimeMS: longestMs } as const;
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

/** A deployment's entries from `fromSeq` on, in the order of their places, as they lie on a majority. */
export async function* readEntries(db: Db, deployment: string, fromSeq = 1): AsyncIterable<StoredEntry> {
  const entries = db.collection<EntryDocument>('trail', { ...primary, readConcern: 'majority' });
  const cursor = entries.find({ deployment, seq: { $gte: fromSeq } }, { sort: { seq: 1 }, batchSize: 500 });
  for await (const { _id, seq, hash, bytes, at, correlationId, picture, communities } of cursor) {
    yield { id: _id, seq, hash, bytes: bytes.value(), found: { at, correlationId, picture, communities } };
  }
}

/** A deployment's entries of one request, as they lie on a majority: an answer, and before a change its intent. */
export async function findEntries(
  db: Db,
  deployment: string,
  correlationId: string,
): Promise<readonly StoredEntry[]> {
  const entries = db.collection<EntryDocument>('trail', { ...primary, readConcern: 'majority' });
  const found = await entries
    .find({ deployment, correlationId }, { limit: 10, maxTimeMS: longestMs })
    .toArray();
  return found.map(({ _id, seq, hash, bytes }) => ({ id: _id, seq, hash, bytes: bytes.value() }));
}

/** The place of an entry; null where the deployment has none of this id. */
export async function findPlace(db: Db, deployment: string, id: string): Promise<number | null> {
  const entries = db.collection<EntryDocument>('trail', { ...primary, readConcern: 'majority' });
  const entry = await entries.findOne(
    { _id: id, deployment },
    { projection: { seq: 1 }, maxTimeMS: longestMs },
  );
  return entry?.seq ?? null;
}

/** What is read of a log backwards: the newest entries of one picture before a place, so many at most. */
export type Backwards = {
  readonly picture: string;
  readonly before: number;
  readonly most: number;
  /** Only those that gave a record of it. */
  readonly community?: string;
};

/** A deployment's entries before a place, the newest first, as they lie on a majority. */
export async function* readBackwards(
  db: Db,
  deployment: string,
  { picture, before, most, community }: Backwards,
): AsyncIterable<StoredEntry> {
  const entries = db.collection<EntryDocument>('trail', { ...primary, readConcern: 'majority' });
  const of = { deployment, picture, ...(community === undefined ? {} : { communities: community }) };
  const cursor = entries.find(
    { ...of, seq: { $lt: before } },
    { sort: { seq: -1 }, limit: most, maxTimeMS: longestMs },
  );
  for await (const { _id, seq, hash, bytes } of cursor) {
    yield { id: _id, seq, hash, bytes: bytes.value() };
  }
}

/** The erasable parts of an entry: null for each that was erased, both where there are none. */
export async function readPersonal(db: Db, entryId: string): Promise<PersonalParts> {
  const personal = db.collection<PersonalDocument>('trailPersonal', primary);
  const document = await personal.findOne({ _id: entryId });
  return { reader: fromDocument(document?.reader), operation: fromDocument(document?.operation) };
}

/** Erases parts of an entry with their salts, for good; the entry stays provable. Needs update on `trailPersonal`. */
export async function erasePersonal(
  db: Db,
  entryId: string,
  parts: readonly PersonalPart[] = personalParts,
): Promise<void> {
  const gone = Object.fromEntries(parts.map((part) => [part, true as const]));
  await db
    .collection<PersonalDocument>('trailPersonal', durable)
    .updateOne({ _id: entryId }, { $unset: gone });
}

function toDocument(part: SaltedPart): PartDocument {
  return { salt: new Binary(part.salt), bytes: new Binary(part.bytes) };
}

function fromDocument(part: PartDocument | undefined): SaltedPart | null {
  return part === undefined ? null : { salt: part.salt.value(), bytes: part.bytes.value() };
}
