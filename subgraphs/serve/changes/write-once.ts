import type { ClientSession, Collection } from 'mongodb';
import canonicalize from 'canonicalize';
import { createHash } from 'node:crypto';
import type { Envelope, StoredRecord } from '../../../schema/record/envelope.ts';
import type { ReaderAccess } from '../../../schema/policy/decide/policy.ts';
import type { Kind } from '../kind.ts';
import { within } from '../../../schema/runtime/within.ts';
import { linksOf, recordsOf, schemaOf } from '../store/collections.ts';
import { inWriteTransaction, retryOvertaken, toDocument, writeRecords } from '../store/write.ts';
import type { SchemaVersions } from '../record/schema-versions.ts';
import type { KeyAssigner, KeyPolicy } from '../store/key-assigner.ts';
import type { Content } from '../record/content.ts';
import type { CommunityStore } from '../store/store.ts';
import { Refused, type UserError } from './refused.ts';

/** What a change comes to: the record and its new version, or why it was not made. */
export type Outcome = {
  readonly id: string | null;
  readonly version: number | null;
  readonly userErrors: readonly UserError[];
};

/** A record as a change leaves it; `before` is null for a new one. */
export type Made = {
  readonly kind: Kind;
  readonly before: StoredRecord | null;
  readonly id: string;
  readonly envelope: Envelope;
  readonly content: Content;
  /** Keys of what is shared that it names: their join rows. */
  readonly names: readonly string[];
  /** Keys that have no join row, even where there is one now. */
  readonly unlisted: ReadonlySet<string>;
  /** Whether a shared key that it has a join row under stays: a feed finds some beside the content. */
  readonly keeps: (key: string) => boolean;
  readonly sortAt: Date | null;
};

type Work = {
  readonly store: CommunityStore;
  readonly keyAssigner: KeyAssigner;
  readonly readerAccess: ReaderAccess;
  readonly community: string;
  readonly input: { readonly key: string };
  readonly what: string;
};

/** A change that was made, kept under its key: it proves that the same one sent again was made already. */
type KeptChange = {
  readonly _id: string;
  readonly hash: string;
  readonly what: string;
  readonly record: string;
  readonly version: number;
  readonly at: Date;
  /** Both values of what a change of marking changed. */
  readonly reading?: { readonly before: object; readonly after: object };
};

/** Longer than a transaction waits for another, shorter than the hub waits for a part. */
const deadlineMs = 8000;
const durable = { writeConcern: { w: 'majority' }, maxCommitTimeMS: deadlineMs } as const;

/**
 * Makes a change and keeps its key in one transaction, so that a kill at any moment leaves both or none. The same key
 * of the same subject gives the first outcome again, and is refused (KEY_REUSED) for anything else. Throws Refused
 * where the change is not to be made, and whatever the store throws.
 */
export async function writeOnce(
  work: Work,
  make: (find: (kind: Kind, id: string) => Promise<StoredRecord | null>) => Promise<Made>,
): Promise<Outcome> {
  const { store, readerAccess, input, what, community } = work;
  const _id = hashOf([community, readerAccess.reader.subject, readerAccess.reader.picture, input.key]);
  const hash = hashOf([what, input]);
  const until = performance.now() + deadlineMs;
  const run = async (): Promise<Outcome> => {
    const keyPolicy = await work.keyAssigner.current();
    const limits = { ...durable, ms: until - performance.now() };
    return await inWriteTransaction(store, work.keyAssigner, limits, async (session) => {
      const known = await changesIn(store).findOne({ _id }, { session });
      if (known !== null) return again(known, hash);
      const made = await make(async (kind, id) => await find(store, kind, id, session));
      const record = toRecord(made, keyPolicy, schemaOf(store, made.kind.type), readerAccess.now);
      await put(store, made, record, session);
      await changesIn(store).insertOne(keep(_id, hash, what, made, readerAccess.now), { session });
      return { id: record._id, version: record.envelope.version, userErrors: [] };
    });
  };
  return await within(deadlineMs, retryOvertaken(run));
}

function again(known: KeptChange, hash: string): Outcome {
  if (known.hash !== hash)
    throw new Refused('KEY_REUSED', ['key'], 'this key was used for another change: take a new one');
  return { id: known.record, version: known.version, userErrors: [] };
}

/** The record as of the current version; null where there is none that this program can read. */
async function find(
  store: CommunityStore,
  kind: Kind,
  id: string,
  session: ClientSession,
): Promise<StoredRecord | null> {
  const found = await recordsOf(store, kind.type).findOne({ _id: id }, { session });
  return found === null ? null : schemaOf(store, kind.type).read(found);
}

/** Writes the record and its join rows. Rows of shared keys that the change keeps stay; rows of parent records always do. */
async function put(
  store: CommunityStore,
  { kind, before, names, unlisted, keeps }: Made,
  record: StoredRecord,
  session: ClientSession,
): Promise<void> {
  const rows = await linksOf(store).find({ record: record._id }, { session }).toArray();
  const kept = rows.map(({ key }) => key).filter((key) => keeps(key) || isRecordKey(key, store));
  const write = {
    kind: kind.type,
    record,
    before: before?.envelope ?? null,
    keys: [...names, ...kept],
    unlisted,
  };
  await writeRecords(store, [write], session);
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

function keep(_id: string, hash: string, what: string, made: Made, at: Date): KeptChange {
  const { before, envelope } = made;
  const readings =
    what === 'mark' && before !== null
      ? { reading: { before: readingIn(before.envelope), after: readingIn(envelope) } }
      : {};
  return { _id, hash, what, record: made.id, version: envelope.version, at, ...readings };
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
