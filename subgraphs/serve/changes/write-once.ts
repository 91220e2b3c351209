import type { ClientSession, Collection } from 'mongodb';
import canonicalize from 'canonicalize';
import { createHash } from 'node:crypto';
import type { Envelope, StoredRecord } from '../../../schema/record/envelope.ts';
import type { ReaderAccess } from '../../../schema/policy/decide/policy.ts';
import type { Kind } from '../kind.ts';
import { within } from '../../../schema/runtime/within.ts';
import { toLinks } from '../store/links.ts';
import type { SchemaVersions } from '../record/schema-versions.ts';
import type { Labeller, Labels } from '../store/labeller.ts';
import { Relabelled } from '../store/labelling.ts';
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
  readonly labeller: Labeller;
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
const duplicateKey = 11_000;

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
  const session = await store.connection.startSession();
  try {
    const run = async (): Promise<Outcome> => {
      const labels = await work.labeller.current();
      return await session.withTransaction(
        async () => {
          await work.labeller.hold(session);
          const known = await changesIn(store).findOne({ _id }, { session });
          if (known !== null) return again(known, hash);
          const made = await make(async (kind, id) => await find(store, kind, id, session));
          const record = toRecord(made, labels, schemaOf(store, made.kind), readerAccess.now);
          await put(store, made, record, session);
          await changesIn(store).insertOne(keep(_id, hash, what, made, readerAccess.now), { session });
          return { id: record._id, version: record.envelope.version, userErrors: [] };
        },
        { writeConcern: { w: 'majority' }, maxCommitTimeMS: deadlineMs },
      );
    };
    return await within(deadlineMs, untilSettled(run));
  } finally {
    await session.endSession();
  }
}

/**
 * Two of one key at once: the later finds what the first has written. What was labelled for another state of the
 * store's labels is labelled again.
 */
async function untilSettled(run: () => Promise<Outcome>): Promise<Outcome> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await run();
    } catch (error) {
      const isOvertaken =
        error instanceof Relabelled || (error as { readonly code?: unknown }).code === duplicateKey;
      if (!isOvertaken || attempt === attempts) throw error;
    }
  }
}

const attempts = 5;

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
  const found = await recordsOf(store, kind).findOne({ _id: id }, { session });
  return found === null ? null : schemaOf(store, kind).read(found);
}

/** The record in its new form, and its join rows anew. */
async function put(
  store: CommunityStore,
  { kind, before, names, unlisted, keeps }: Made,
  record: StoredRecord,
  session: ClientSession,
): Promise<void> {
  const records = recordsOf(store, kind);
  if (before === null) await records.insertOne(record, { session });
  else {
    const filter = { _id: record._id, 'envelope.version': before.envelope.version };
    const { matchedCount } = await records.replaceOne(filter, record, { session });
    if (matchedCount !== 1)
      throw new Refused('STALE_VERSION', ['expectedVersion'], 'it was changed since: read it again');
  }
  const links = store.links.collection as unknown as Collection<{ _id: string; record: string }>;
  // A record of the same store that it belongs to is no shared key: such rows stay as they are but for their labels.
  const own = await links.find({ record: record._id }, { session }).toArray();
  const kept = own
    .map(({ _id }) => _id.slice(record._id.length + 1))
    .filter((key) => keeps(key) || isRecordKey(key, store));
  const keys = [...names, ...kept].filter((key) => !unlisted.has(key));
  const rows = toLinks(record, kind.type, keys);
  await links.deleteMany({ record: record._id }, { session });
  if (rows.length > 0) await links.insertMany([...rows] as never, { session });
}

function isRecordKey(key: string, store: CommunityStore): boolean {
  const type = key.slice(0, key.indexOf(':'));
  return type === 'Stix' || store.records.has(type);
}

function toRecord(made: Made, labels: Labels, schema: SchemaVersions, now: Date): StoredRecord {
  const { admits, early } = labels.admittedKeys(made.envelope, made.kind.type);
  // What a newer version holds besides stays, where the content is left as it was; other content is this version's.
  const isLeft = made.before?.content === made.content;
  const form = schema.write(made.content, labels.shed ?? {}, isLeft ? (made.before ?? undefined) : undefined);
  return {
    _id: made.id,
    ...form,
    feed: made.before?.feed ?? 'by-hand',
    envelope: made.envelope,
    sortAt: made.sortAt ?? now,
    openFrom: made.envelope.embargoUntil ?? new Date(0),
    admits,
    admitsEarly: early,
    policy: labels.version,
    contentHash: made.before?.contentHash ?? '',
  };
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

function schemaOf({ schemas }: CommunityStore, { type }: Kind): SchemaVersions {
  const schema = schemas.get(type);
  if (schema === undefined) throw new Error(`this community has no records of the kind ${type}`);
  return schema;
}

function recordsOf(store: CommunityStore, kind: Kind): Collection<StoredRecord> {
  const model = store.records.get(kind.type);
  if (model === undefined) throw new Error(`this community has no records of the kind ${kind.type}`);
  return model.collection as unknown as Collection<StoredRecord>;
}

function changesIn(store: CommunityStore): Collection<KeptChange> {
  return store.connection.collection<KeptChange>('changes');
}

function hashOf(value: unknown): string {
  return createHash('sha256')
    .update(canonicalize(JSON.parse(JSON.stringify(value))) ?? '')
    .digest('base64url');
}
