import type { ClientSession, Collection } from 'mongodb';
import canonicalize from 'canonicalize';
import { createHash } from 'node:crypto';
import type { Envelope, StoredRecord } from '../../../schema/record/envelope.ts';
import type { ReaderAccess } from '../../../schema/policy/decide/policy.ts';
import type { Kind } from '../kind.ts';
import { within } from '../../../schema/runtime/within.ts';
import { linksOf, schemaOf } from '../store/collections.ts';
import {
  inWriteTransaction,
  openRecord,
  retryOvertaken,
  toDocument,
  type WriteOptions,
  writeRecords,
} from '../store/write.ts';
import type { SchemaVersions } from '../record/schema-versions.ts';
import type { KeyAssigner, KeyPolicy } from '../store/key-assigner.ts';
import type { Content } from '../record/content.ts';
import type { CommunityStore } from '../store/store.ts';
import { type Finder, finderIn } from './find-record.ts';
import { type MarkedPart, markParts } from './mark-parts.ts';
import type { Reading } from './reading.ts';
import { Refused, type UserError } from './refused.ts';

/** The result of a change: the record and its new version, or the reasons why it was refused. */
export type Outcome = {
  readonly id: string | null;
  readonly version: number | null;
  /** The records that belong to it and were marked up with it, as far as the reader could read them. */
  readonly alsoMarked: readonly string[];
  readonly userErrors: readonly UserError[];
};

/** A record after a change. `before` is null for a new record. */
export type Made = {
  readonly kind: Kind;
  readonly before: StoredRecord | null;
  readonly id: string;
  readonly envelope: Envelope;
  readonly content: Content;
  /** Shared keys and records of the same community that the record names: each gets a join row. */
  readonly names: readonly string[];
  /** Keys that get no join row, even if they have one now. */
  readonly unlisted: ReadonlySet<string>;
  /** Returns whether an existing join row of a shared key stays. Feeds name keys that the content does not have. */
  readonly keeps: (key: string) => boolean;
  readonly sortAt: Date | null;
  /** Writes what belongs to the change, in the same transaction. */
  readonly also?: (session: ClientSession) => Promise<void>;
  /** Other records that the change writes, in the same transaction. */
  readonly others?: readonly Made[];
  /** Set if what belongs to the record must be at least as strict as this. `isVisible` is true for readable records. */
  readonly covers?: {
    readonly reading: Reading;
    readonly isVisible: (envelope: Envelope, kind: string) => boolean;
  };
};

/**
 * A change that writes no version of a record, such as a move of one thread. `also` writes it. `opens` has the record that it
 * opens to further readers.
 */
export type Unwritten = {
  readonly record: string;
  readonly version: number;
  readonly opens?: {
    readonly kind: Kind;
    readonly record: StoredRecord;
    readonly envelope: Envelope;
    readonly to: string;
  };
  also(session: ClientSession): Promise<void>;
};

/** Decides a change in its transaction. Throws Refused if it is refused. */
export type Make = (find: Finder, session: ClientSession) => Promise<Made | Unwritten>;

type Work = {
  readonly store: CommunityStore;
  readonly keyAssigner: KeyAssigner;
  readonly readerAccess: ReaderAccess;
  readonly community: string;
  readonly input: { readonly key: string };
  readonly what: string;
};

/** A finished change, stored by its idempotency key, so that the same request is not executed twice. */
type KeptChange = {
  readonly _id: string;
  readonly hash: string;
  readonly what: string;
  readonly record: string;
  readonly version: number;
  readonly at: Date;
  /** Both readings, if the change was one of the marking. */
  readonly reading?: { readonly before: object; readonly after: object };
  /** The records that were marked up with it, with their readings before. */
  readonly parts?: readonly { readonly record: string; readonly before: object }[];
  readonly alsoMarked?: readonly string[];
};

/** Longer than a transaction waits for another one, shorter than the hub waits for a subgraph. */
const deadlineMs = 8000;
const durable = { writeConcern: { w: 'majority' }, maxCommitTimeMS: deadlineMs } as const;

/**
 * Executes a change and stores its idempotency key in one transaction, so that a kill leaves both or none. The same
 * key of the same subject returns the first outcome again, or KEY_REUSED if the change is another one. Throws Refused
 * if the change is refused, and the errors of the store.
 */
export async function writeOnce(work: Work, make: Make): Promise<Outcome> {
  const { store, readerAccess, input, what, community } = work;
  const _id = hashOf([community, readerAccess.reader.subject, readerAccess.reader.picture, input.key]);
  // A person of two organisations must not take the outcome of one for that of the other.
  const hash = hashOf([what, readerAccess.reader.organisation, input]);
  const until = performance.now() + deadlineMs;
  const run = async (): Promise<Outcome> => {
    const keyPolicy = await work.keyAssigner.current();
    const limits = { ...durable, ms: until - performance.now() };
    return await inWriteTransaction(store, work.keyAssigner, limits, async (session) => {
      const known = await changesIn(store).findOne({ _id }, { session });
      if (known !== null) return again(known, hash);
      const made = await make(finderIn(store, readerAccess, session), session);
      await made.also?.(session);
      const by = { keyPolicy, now: readerAccess.now, session };
      const change =
        'kind' in made ? await writeMade(store, what, made, by) : await writeOpened(store, made, by);
      const kept = { _id, hash, what, at: readerAccess.now, ...change };
      await changesIn(store).insertOne(kept, { session });
      return outcomeOf(kept);
    });
  };
  return await within(deadlineMs, retryOvertaken(run));
}

function again(known: KeptChange, hash: string): Outcome {
  if (known.hash !== hash)
    throw new Refused('KEY_REUSED', ['key'], 'this key was used for another change: use a new key');
  return outcomeOf(known);
}

function outcomeOf({ record: id, version, alsoMarked = [] }: KeptChange): Outcome {
  return { id, version, alsoMarked, userErrors: [] };
}

type Change = Omit<KeptChange, '_id' | 'hash' | 'what' | 'at'>;

/** Writes a record, its join rows, and what is marked up with it. */
async function writeMade(
  store: CommunityStore,
  what: string,
  made: Made,
  by: WriteOptions & { readonly keyPolicy: KeyPolicy },
): Promise<Change> {
  const record = toRecord(made, by.keyPolicy, schemaOf(store, made.kind.type), by.now);
  await put(store, made, record, by);
  for (const other of made.others ?? [])
    await put(store, other, toRecord(other, by.keyPolicy, schemaOf(store, other.kind.type), by.now), by);
  const parts = await cover(store, made, by);
  return { ...readingsOf(what, made), ...keepParts(parts), alsoMarked: visibleOf(parts, made) };
}

async function writeOpened(
  store: CommunityStore,
  { record, version, opens }: Unwritten,
  by: WriteOptions & { readonly keyPolicy: KeyPolicy },
): Promise<Change> {
  if (opens !== undefined) {
    const opened = { ...opens.record, envelope: opens.envelope, content: opens.record.content as Content };
    const { type } = opens.kind;
    const document = toDocument(type, opened, by.keyPolicy, schemaOf(store, type), opens.record);
    await openRecord(store, type, document, { to: opens.to, before: opens.record.envelope }, by);
  }
  return { record, version };
}

/** Marks up what belongs to the record, and returns it. */
async function cover(
  store: CommunityStore,
  { id, covers }: Made,
  by: WriteOptions & { readonly keyPolicy: KeyPolicy },
): Promise<readonly MarkedPart[]> {
  if (covers === undefined) return [];
  const parts = await markParts(store, id, covers.reading, { ...by, isVisible: covers.isVisible });
  const writes = parts.map(({ write }) => write);
  if (writes.length > 0) await writeRecords(store, writes, by);
  return parts;
}

function visibleOf(parts: readonly MarkedPart[], { covers }: Made): readonly string[] {
  return parts
    .filter(({ before, write }) => covers?.isVisible(before, write.kind) === true)
    .map(({ write }) => write.record._id);
}

function keepParts(parts: readonly MarkedPart[]): Pick<KeptChange, 'parts'> {
  if (parts.length === 0) return {};
  return {
    parts: parts.map(({ write, before }) => ({ record: write.record._id, before: readingIn(before) })),
  };
}

/**
 * Writes the record and its join rows. Rows of records stay unless they are `unlisted`, and so do rows of the shared
 * keys that `keeps` names.
 */
async function put(
  store: CommunityStore,
  { kind, before, names, unlisted, keeps }: Made,
  record: StoredRecord,
  by: WriteOptions,
): Promise<void> {
  const rows = await linksOf(store).find({ record: record._id }, { session: by.session }).toArray();
  const kept = rows.map(({ key }) => key).filter((key) => keeps(key) || isRecordKey(key, store));
  const write = {
    kind: kind.type,
    record,
    before: before?.envelope ?? null,
    keys: [...names, ...kept],
    unlisted,
  };
  await writeRecords(store, [write], by);
}

function isRecordKey(key: string, store: CommunityStore): boolean {
  const type = key.slice(0, key.indexOf(':'));
  return type === 'Stix' || store.records.has(type);
}

function toRecord(made: Made, keyPolicy: KeyPolicy, schema: SchemaVersions, now: Date): StoredRecord {
  const { kind, id, envelope, content, before } = made;
  const { feed, contentHash } = before ?? { feed: 'by-hand', contentHash: '' };
  const sortAt = made.sortAt ?? now;
  // Unchanged content keeps the fields of newer document versions; new content is written in this program's version.
  const isLeft = before?.content === content;
  const left = isLeft ? (made.before ?? undefined) : undefined;
  return toDocument(
    kind.type,
    { _id: id, feed, envelope, content, sortAt, contentHash },
    keyPolicy,
    schema,
    left,
  );
}

function readingsOf(what: string, { before, envelope, id }: Made): Change {
  const change = { record: id, version: envelope.version };
  if (what !== 'mark' || before === null) return change;
  return { ...change, reading: { before: readingIn(before.envelope), after: readingIn(envelope) } };
}

function readingIn({ marking, audience, embargoUntil, portions }: Envelope): object {
  return { marking, audience, embargoUntil, portions };
}

function changesIn(store: CommunityStore): Collection<KeptChange> {
  return store.connection.collection<KeptChange>('changes');
}

function hashOf(value: unknown): string {
  return createHash('sha256')
    .update(canonicalize(JSON.parse(JSON.stringify(value))) ?? '')
    .digest('base64url');
}
